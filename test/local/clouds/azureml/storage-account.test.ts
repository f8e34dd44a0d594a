// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Azure ML's expressions, not JavaScript's.
import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { BlobServiceClient, type ContainerClient } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Azurite, connectionStringOf, startAzurite } from "../../../../local/workspace/azurite/server.ts";
import { aJob, CODE_ID, TestWorkspace, until } from "./workspace.ts";

const account = { name: "penstock", key: randomBytes(64).toString("base64") };
const LOG_LIMIT_BYTES = 20_000;
let azurite: Azurite;
let workspace: TestWorkspace;
let data: ContainerClient;
let artifacts: ContainerClient;

beforeAll(async () => {
  azurite = await startAzurite({ port: 0, account });
  const connectionString = connectionStringOf(azurite.endpoint, account);
  const service = BlobServiceClient.fromConnectionString(connectionString);
  data = service.getContainerClient("workspaceblobstore");
  artifacts = service.getContainerClient("workspaceartifactstore");
  await data.create();
  workspace = await new TestWorkspace({
    storageAccount: { endpoint: azurite.endpoint, connectionString },
    logLimitBytes: LOG_LIMIT_BYTES,
  }).start();
  await workspace.prepare();
});
afterAll(async () => {
  await workspace.dispose();
  await azurite.close();
});

const write = async (name: string, content: string) =>
  void (await data.getBlockBlobClient(name).upload(content, Buffer.byteLength(content)));
const read = async (name: string, container = data) => {
  const { readableStreamBody } = await container.getBlobClient(name).download();
  return readableStreamBody ? (await buffer(readableStreamBody)).toString("utf8") : undefined;
};
const names = async (prefix: string, container = data) => {
  const found: string[] = [];
  for await (const { name } of container.listBlobsFlat({ prefix })) found.push(name.slice(prefix.length));
  return found;
};
const log = (job: string) => read(`ExperimentRun/dcid.${job}/user_logs/std_log.txt`, artifacts);
const url = (path: string) => `${azurite.endpoint}/workspaceblobstore/${path}`;
const output = (path: string, mode = "ReadWriteMount") => ({ jobOutputType: "uri_folder", uri: url(path), mode });

describe("a job whose data is in a storage account", () => {
  test("runs in a copy of its snapshot", async () => {
    await write("snapshots/1/run.sh", "#!/bin/sh\necho ran with $(cat 'sub folder/donn\u00e9es.txt')\n");
    await write("snapshots/1/sub folder/données.txt", "data");
    const codeUri = url("snapshots/1");
    const put = await workspace.arm("PUT", "/codes/snapshot/versions/1", { properties: { codeUri, isAnonymous: true } });

    const details = await workspace.run("code", { codeId: CODE_ID, command: "./run.sh" });

    expect(put.status).toBe(201);
    expect(details).toMatchObject({ status: "Completed" });
    expect(await log("code")).toBe("ran with data\n");
  });

  test("finds its inputs, files and folders, by URL and by datastore", async () => {
    await write("in/a b/x.csv", "x");
    await write("in/a b/deep/y.csv", "y");

    await workspace.run("inputs", {
      command: "cat ${{inputs.file}} ${{inputs.folder}}/deep/y.csv; basename ${{inputs.file}}",
      inputs: {
        file: { jobInputType: "uri_file", uri: url("in/a%20b/x.csv") },
        folder: { jobInputType: "uri_folder", uri: "azureml://datastores/workspaceblobstore/paths/in/a b", mode: "Download" },
      },
    });

    expect(await log("inputs")).toBe("xyx.csv\n");
  });

  test("cannot reach beyond its inputs' folder by the name of a blob", async () => {
    await write("evil/good.txt", "good");
    await write("evil/..%2f..%2fout.txt", "fine: no slash");
    await data.getBlockBlobClient("evil/sub//double.txt").upload("x", 1);

    const details = await workspace.run("evil", {
      command: "find ${{inputs.folder}}/ -type f | wc -l | tr -d ' '",
      inputs: { folder: { jobInputType: "uri_folder", uri: url("evil") } },
    });

    expect(details.status).toBe("Completed");
    expect(await log("evil")).toBe("2\n");
  });

  test("leaves its mounted outputs however it ended, and those by upload only when it succeeded", async () => {
    const command = (exit: number) =>
      `mkdir \${{outputs.mounted}}/d; echo m > \${{outputs.mounted}}/d/m; ln -s d/m \${{outputs.mounted}}/link; ln -s /etc/hosts \${{outputs.mounted}}/out; echo u > \${{outputs.uploaded}}/u; exit ${exit}`;
    const outputs = (name: string) => ({ mounted: output(`out/${name}/mounted`), uploaded: output(`out/${name}/uploaded`, "Upload") });

    const good = await workspace.run("good", { command: command(0), outputs: outputs("good") });
    const bad = await workspace.run("bad", { command: command(3), outputs: outputs("bad") });

    expect([good.status, bad.status]).toEqual(["Completed", "Failed"]);
    expect(await names("out/good/")).toEqual(["mounted/d/m", "mounted/link", "uploaded/u"]);
    expect(await names("out/bad/")).toEqual(["mounted/d/m", "mounted/link"]);
    expect(await read("out/good/mounted/link")).toBe("m\n");
    expect(good.warnings).toEqual([expect.objectContaining({ message: expect.stringContaining("out") })]);
  });

  test("appends to its log while it runs, and the blob ends as the log did", async () => {
    const go = join(workspace.folders.root, "go");
    await workspace.putJob("talks", { command: `echo one; while [ ! -e ${go} ]; do sleep 0.02; done; echo two` });
    await until(async () => (await log("talks").catch(() => undefined)) === "one\n");

    writeFileSync(go, "");
    await workspace.ended("talks");

    expect(await log("talks")).toBe("one\ntwo\n");
    const properties = await artifacts.getBlobClient("ExperimentRun/dcid.talks/user_logs/std_log.txt").getProperties();
    expect(properties.blobType).toBe("AppendBlob");
  });

  test("keeps ./outputs and ./logs with the run, tells where its logs are, and leaves nothing on this machine", async () => {
    const details = await workspace.run("keeps", { command: "mkdir -p outputs/sub logs; echo o > outputs/sub/o; echo l > logs/l" });

    expect(await names("ExperimentRun/dcid.keeps/", artifacts)).toEqual(["logs/l", "outputs/sub/o", "user_logs/std_log.txt"]);
    expect(details.logFiles).toEqual({
      "user_logs/std_log.txt": `${azurite.endpoint}/workspaceartifactstore/ExperimentRun/dcid.keeps/user_logs/std_log.txt`,
    });
    await until(() => !existsSync(workspace.folders.artifact("keeps", "")) && !existsSync(join(workspace.folders.state, "jobs", "keeps")));
  });

  test("has a log that was shortened at its end shortened in the account", async () => {
    await workspace.run("long", { command: "i=0; while [ $i -lt 6000 ]; do echo line $i; i=$((i+1)); done" });

    const text = await log("long");

    expect(text?.length).toBeLessThan(LOG_LIMIT_BYTES + 500);
    expect(text).toMatch(/^line 0\n/);
    expect(text).toMatch(/line 5999\n$/);
    expect(text).toContain("bytes of this log are left out");
  });

  test("goes on when its server starts again, with one log", async () => {
    const go = join(workspace.folders.root, "go-on");
    await workspace.putJob("adopted", { command: `echo one; while [ ! -e ${go} ]; do sleep 0.02; done; echo two` });
    await until(async () => (await log("adopted").catch(() => undefined)) === "one\n");

    await workspace.stop();
    await workspace.start();
    writeFileSync(go, "");
    await workspace.ended("adopted");

    expect(await log("adopted")).toBe("one\ntwo\n");
  });

  test("fails when an input is not there, and says which", async () => {
    const details = await workspace.run("missing", { inputs: { data: { jobInputType: "uri_folder", uri: url("nowhere") } } });

    expect(details).toMatchObject({
      status: "Failed",
      error: { error: { message: expect.stringContaining(`'data' is not there: ${url("nowhere")}`) } },
    });
  });

  test.each(["file:///etc/hosts", "https://other.blob.core.windows.net/data/x", "http://127.0.0.1:1/penstock/workspaceblobstore/x"])(
    "is refused the place %s",
    async (uri) => {
      const inputs = { data: { jobInputType: "uri_file", uri } };

      const answer = await workspace.arm("PUT", "/jobs/elsewhere", { properties: aJob({ inputs }) });

      expect(answer.status).toBe(400);
      expect(answer.text).toContain("cannot be reached from here");
    },
  );

  test("is refused a snapshot that is not there", async () => {
    const answer = await workspace.arm("PUT", "/codes/none/versions/1", {
      properties: { codeUri: url("snapshots/none"), isAnonymous: true },
    });

    expect(answer.status).toBe(400);
    expect(answer.text).toContain("there is no folder at");
  });
});
