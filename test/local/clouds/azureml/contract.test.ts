// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Azure ML's expressions, not JavaScript's.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { violations } from "./contract-schemas.ts";
import { aJob, CODE_ID, TestWorkspace, WORKSPACE } from "./workspace.ts";

const workspace = new TestWorkspace();
beforeAll(async () => {
  await workspace.start();
  await workspace.prepare({ "a.py": "" });
});
afterAll(() => workspace.dispose());

function codeAt(path: string): unknown {
  return { properties: { codeUri: pathToFileURL(join(workspace.folders.blobs, path)).href } };
}

describe("the contract", () => {
  test.each([
    ["Workspaces_Get", "GET", ""],
    ["Compute_List", "GET", "/computes"],
    ["Compute_Get", "GET", "/computes/cpu-cluster"],
    ["CodeVersions_Get", "GET", "/codes/snapshot/versions/1"],
    ["CodeVersions_List", "GET", "/codes/snapshot/versions"],
    ["EnvironmentVersions_Get", "GET", "/environments/plain/versions/1"],
    ["EnvironmentVersions_List", "GET", "/environments/plain/versions"],
    ["Jobs_List", "GET", "/jobs"],
  ])("%s answers as it is published", async (operation, method, path) => {
    const answer = await workspace.arm(method, path);

    expect(answer.status).toBe(200);
    expect(violations(operation, answer)).toEqual([]);
  });

  test.each([
    ["Compute_Get", "/computes/none", "'none' was not found"],
    ["CodeVersions_Get", "/codes/none/versions/1", "'none' has no version '1'"],
    ["EnvironmentVersions_Get", "/environments/plain/versions/9", "'plain' has no version '9'"],
    ["Jobs_Get", "/jobs/none", "'none' was not found"],
  ])("%s of something unknown answers 404 in ARM's error envelope", async (operation, path, message) => {
    const answer = await workspace.arm("GET", path);

    expect(answer.status).toBe(404);
    expect(violations(operation, answer)).toEqual([]);
    expect(answer.headers["x-ms-response-type"]).toBe("error");
    expect(answer.body.error).toMatchObject({ code: "UserError", message: expect.stringContaining(message) });
  });

  test("the workspace leads to a discovery document that anybody may read", async () => {
    const found = await workspace.arm("GET", "");

    const discovery = await workspace.request("GET", new URL(found.body.properties.discoveryUrl).pathname, undefined, {
      authorization: "",
    });

    expect(discovery).toMatchObject({ status: 200, body: { api: workspace.address } });
  });

  test("jobs are listed newest first, a hundred a page", async () => {
    await workspace.putCluster(0);
    for (let index = 0; index < 105; index++) await workspace.putJob(`listed-${index}`, {});

    const first = await workspace.arm("GET", "/jobs");
    const next = new URL(first.body.nextLink);
    const second = await workspace.request("GET", next.pathname + next.search);

    const names = [...first.body.value, ...second.body.value].map((job) => job.name).filter((name) => name.startsWith("listed-"));
    expect(first.body.value).toHaveLength(100);
    expect(names).toEqual(Array.from({ length: 105 }, (_, index) => `listed-${104 - index}`));
    for (const name of names) await workspace.arm("POST", `/jobs/${name}/cancel`);
    await workspace.putCluster(4);
  });
});

describe("who and what is refused", () => {
  test.each([
    ["no token", { authorization: "" }, 401, "AuthenticationFailed"],
    ["a wrong token", { authorization: "Bearer other" }, 401, "InvalidAuthenticationToken"],
  ])("a request with %s", async (_, headers, status, code) => {
    const answer = await workspace.request("GET", `${WORKSPACE}/jobs?api-version=2024-04-01`, undefined, headers);

    expect(answer).toMatchObject({ status, body: { error: { code } } });
    expect(answer.headers["www-authenticate"]).toContain("Bearer");
  });

  test.each([
    ["an api-version that is missing", "GET", `${WORKSPACE}/jobs`, 400, "MissingApiVersionParameter"],
    ["another api-version", "GET", `${WORKSPACE}/jobs?api-version=2020-01-01`, 400, "InvalidApiVersionParameter"],
    ["another subscription", "GET", WORKSPACE.replace("0001/", "0002/"), 404, "SubscriptionNotFound"],
    ["another workspace", "GET", WORKSPACE.replace("laptop", "other"), 404, "ResourceNotFound"],
    ["an unknown kind of resource", "GET", `${WORKSPACE}/onlineEndpoints`, 404, "InvalidResourceType"],
    ["a wrong verb", "DELETE", `${WORKSPACE}/jobs/a`, 405, "MethodNotAllowed"],
    ["a name that is none", "GET", `${WORKSPACE}/jobs/a%2Fb`, 400, "UserError"],
    ["a path that is badly encoded", "GET", `${WORKSPACE}/jobs/%zz`, 400, "InvalidRequestUri"],
  ])("%s", async (_, method, path, status, code) => {
    const answer = await workspace.request(method, path);

    expect(answer).toMatchObject({ status, body: { error: { code } } });
  });

  test.each([
    ["no JSON", "{", 400, "not JSON"],
    ["JSON that is no object", "[]", 400, "must be object"],
    ["nothing", "", 400, "not JSON"],
    ["JSON of 50,000 levels", `{"properties":${"[".repeat(50_000)}${"]".repeat(50_000)}}`, 400, "nested deeper"],
    ["more than 4 MiB", JSON.stringify({ properties: { command: "x".repeat(4 * 1024 * 1024) } }), 413, "larger than"],
  ])("a job whose body is %s", async (_, body, status, message) => {
    const answer = await workspace.request("PUT", `${WORKSPACE}/jobs/bad?api-version=2024-04-01`, body);

    expect(answer.status).toBe(status);
    expect(answer.body.error.message).toContain(message);
  });

  test.each([
    ["an unknown property", { cmd: "x" }, "properties.cmd is not a known property"],
    ["a wrong type", { command: 7 }, "properties.command must be string"],
    ["no command", { command: undefined }, "properties.command is required"],
    ["another kind of job", { jobType: "Sweep" }, "properties.jobType must be one of Command"],
    [
      "an empty literal",
      { inputs: { lr: { jobInputType: "literal", value: "" } } },
      "properties.inputs.lr.value must NOT have fewer than 1",
    ],
    ["an input without its URI", { inputs: { d: { jobInputType: "uri_folder" } } }, "properties.inputs.d.uri is required"],
    ["an unknown kind of input", { inputs: { d: { jobInputType: "x" } } }, "properties.inputs.d.jobInputType must be one of"],
    [
      "a datastore nobody has",
      { inputs: { d: { jobInputType: "uri_folder", uri: "azureml://datastores/no/paths/x" } } },
      "names the datastore 'no'",
    ],
    [
      "a path out of its datastore",
      { inputs: { d: { jobInputType: "uri_folder", uri: "azureml://datastores/workspaceblobstore/paths/../x" } } },
      "leads out",
    ],
    ["a file outside the datastores", { inputs: { d: { jobInputType: "uri_file", uri: "file:///etc/passwd" } } }, "lies in no datastore"],
    [
      "data in the cloud",
      { outputs: { o: { jobOutputType: "uri_folder", uri: "https://x.blob.core.windows.net/c" } } },
      "cannot be reached from here",
    ],
    ["an input nobody declared", { command: "echo ${{inputs.zz}}" }, "names none of the job's inputs"],
    ["an expression that is not closed", { command: "echo ${{inputs.zz" }, "no closing }}"],
    ["a compute nobody made", { computeId: `${WORKSPACE}/computes/gpu` }, "there is no compute"],
    ["an environment nobody registered", { environmentId: `${WORKSPACE}/environments/x/versions/1` }, "there is no environment version"],
    ["a snapshot nobody registered", { codeId: `${WORKSPACE}/codes/x/versions/1` }, "there is no code version"],
    ["more nodes than there are", { resources: { instanceCount: 5 } }, "5 nodes are asked for"],
    ["a timeout of months", { limits: { jobLimitsType: "Command", timeout: "P1M" } }, "properties.limits.timeout"],
    ["a variable with an equals sign", { environmentVariables: { "A=B": "1" } }, "'A=B' cannot be set"],
  ])("a job with %s", async (_, properties, message) => {
    const answer = await workspace.putJob("refused", properties);

    expect(answer.status).toBe(400);
    expect(answer.body.error.message).toContain(message);
    expect((await workspace.arm("GET", "/jobs/refused")).status).toBe(404);
  });

  test("a name longer than a folder's may be", async () => {
    expect((await workspace.putJob("a".repeat(240), {})).status).toBe(201);
    expect((await workspace.putJob("a".repeat(241), {})).status).toBe(400);
  });
});

describe("idempotency", () => {
  test("a job is created once, whatever its body's order, and started once", async () => {
    const properties = { command: "echo once", tags: { a: "1", b: "2" } };
    const first = await workspace.putJob("twice", properties);
    const again = await workspace.putJob("twice", { tags: { b: "2", a: "1" }, command: "echo once" });
    await workspace.ended("twice");
    const late = await workspace.putJob("twice", properties);

    expect([first.status, again.status, late.status]).toEqual([201, 200, 200]);
    expect([first, again, late].flatMap((answer) => violations("Jobs_CreateOrUpdate", answer))).toEqual([]);
    expect(late.body.properties.status).toBe("Completed");
    expect(workspace.folders.log("twice")).toBe("once\n");
  });

  test("two PUTs at the same time make one job", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => workspace.putJob("at-once", { command: "echo one" })));
    await workspace.ended("at-once");

    expect(answers.map((answer) => answer.status).toSorted()).toEqual([200, 200, 200, 200, 201]);
    expect(workspace.folders.log("at-once")).toBe("one\n");
  });

  test("another command under the same name is refused, other tags are taken", async () => {
    await workspace.putJob("fixed", { command: "echo a", tags: { a: "1" }, properties: { key: "1" } });

    const changed = await workspace.putJob("fixed", { command: "echo b" });
    const overwritten = await workspace.putJob("fixed", { command: "echo a", properties: { key: "2" } });
    const retagged = await workspace.putJob("fixed", { command: "echo a", tags: { a: "2" }, properties: { more: "3" } });

    expect(changed.status).toBe(400);
    expect(changed.body.error.additionalInfo).toContainEqual({
      type: "InnerError",
      info: { value: { code: "JobPropertyImmutable", innerError: null } },
    });
    expect(overwritten.body.error.message).toContain("properties.properties.key is '1' already");
    expect(retagged).toMatchObject({ status: 200, body: { properties: { tags: { a: "2" }, properties: { key: "1", more: "3" } } } });
  });

  test("a code version stays where its files are", async () => {
    workspace.folders.write("other/a.py", "");
    workspace.folders.write("more/a.py", "");

    const first = await workspace.arm("PUT", "/codes/stays/versions/1", codeAt("other"));
    const again = await workspace.arm("PUT", "/codes/stays/versions/1", codeAt("other"));
    const moved = await workspace.arm("PUT", "/codes/stays/versions/1", codeAt("more"));

    expect([first.status, again.status, moved.status]).toEqual([201, 200, 400]);
    expect(violations("CodeVersions_CreateOrUpdate", first)).toEqual([]);
    expect(moved.body.error.message).toContain("Asset paths cannot be updated.");
  });

  test("a code version needs a folder", async () => {
    const answer = await workspace.arm("PUT", "/codes/none/versions/1", codeAt("nowhere"));

    expect(answer).toMatchObject({ status: 400, body: { error: { message: expect.stringContaining("there is no folder") } } });
  });

  test("an environment version is what it was first", async () => {
    const conda = (text: string) => ({ properties: { condaFile: text, osType: "Linux" } });
    const first = await workspace.arm("PUT", "/environments/same/versions/1", conda("name: a"));
    const again = await workspace.arm("PUT", "/environments/same/versions/1", conda("name: a"));
    const other = await workspace.arm("PUT", "/environments/same/versions/1", conda("name: b"));

    expect([first.status, again.status, other.status]).toEqual([201, 200, 400]);
    expect(violations("EnvironmentVersions_CreateOrUpdate", first)).toEqual([]);
  });

  test("a compute is overwritten", async () => {
    const answer = await workspace.putCluster(4);

    expect(answer.status).toBe(200);
    expect(violations("Compute_CreateOrUpdate", answer)).toEqual([]);
    expect(answer.body.properties).toMatchObject({ provisioningState: "Succeeded", properties: { scaleSettings: { maxNodeCount: 4 } } });
  });
});

test("a job refers to its snapshot by the id that the service gave", async () => {
  const code = await workspace.arm("GET", "/codes/snapshot/versions/1");

  expect(code.body.id).toBe(CODE_ID);
  expect(
    (
      await workspace.arm("PUT", "/jobs/by-id", {
        properties: aJob({ codeId: code.body.id.toUpperCase().replace("SNAPSHOT", "snapshot") }),
      })
    ).status,
  ).toBe(201);
});
