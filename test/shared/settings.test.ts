import { describe, expect, test } from "vitest";
import { readSettings } from "../../shared/settings.ts";

const GUID = "11111111-2222-4333-8444-555555555555";
const BASE = {
  PENSTOCK_API_URL: "http://127.0.0.1:7071/",
  PENSTOCK_TENANT_ID: GUID,
  PENSTOCK_API_AUDIENCES: GUID,
  PENSTOCK_STEP_TOKEN_KEY: Buffer.alloc(32, 1).toString("base64url"),
  PENSTOCK_AZUREML_SUBSCRIPTION_ID: GUID,
  PENSTOCK_AZUREML_RESOURCE_GROUP: "group",
  PENSTOCK_AZUREML_WORKSPACE: "workspace",
};
const HERE = { PENSTOCK_SQLITE_FILE: "a.db", PENSTOCK_DATASTORES_FOLDER: "datastores" };
const COSMOS = "AccountEndpoint=https://team.documents.azure.com/;AccountKey=secret;";

describe("readSettings picks stores", () => {
  test("on this machine by a file and a folder", () => {
    const { documents, blobs } = readSettings({ ...BASE, ...HERE });

    expect(documents).toEqual({ kind: "sqlite", file: "a.db" });
    expect(blobs).toEqual({ kind: "folder", root: "datastores" });
  });

  test("in Azure by connection strings", () => {
    const { documents, blobs } = readSettings({ ...BASE, PENSTOCK_COSMOS: COSMOS, PENSTOCK_STORAGE: "UseDevelopmentStorage=true" });

    expect(documents).toEqual({
      kind: "cosmos",
      connection: { by: "key", connectionString: COSMOS },
      database: "penstock",
      container: "documents",
    });
    expect(blobs).toEqual({ kind: "account", connection: { by: "key", connectionString: "UseDevelopmentStorage=true" } });
  });

  test("in Azure by endpoints and an identity", () => {
    const { documents, blobs } = readSettings({
      ...BASE,
      PENSTOCK_COSMOS__accountEndpoint: "https://team.documents.azure.com/",
      PENSTOCK_COSMOS__credential: "managedidentity",
      PENSTOCK_COSMOS__clientId: GUID,
      PENSTOCK_COSMOS_DATABASE: "db",
      PENSTOCK_COSMOS_CONTAINER: "c",
      PENSTOCK_STORAGE__accountName: "team",
    });

    expect(documents).toEqual({
      kind: "cosmos",
      connection: {
        by: "identity",
        endpoint: "https://team.documents.azure.com/",
        identity: { credential: "managedidentity", clientId: GUID },
      },
      database: "db",
      container: "c",
    });
    expect(blobs).toEqual({
      kind: "account",
      connection: { by: "identity", endpoint: "https://team.blob.core.windows.net", identity: { credential: "default" } },
    });
  });

  test("in another cloud by the service's URI", () => {
    const uri = "https://team.blob.core.chinacloudapi.cn";

    const { blobs } = readSettings({
      ...BASE,
      PENSTOCK_SQLITE_FILE: "a.db",
      PENSTOCK_STORAGE__blobServiceUri: uri,
      PENSTOCK_STORAGE__accountName: "team",
    });

    expect(blobs).toMatchObject({ connection: { endpoint: uri } });
  });
});

describe("readSettings refuses", () => {
  const told = (settings: Record<string, string>) => {
    try {
      readSettings({ ...BASE, ...settings });
    } catch (error) {
      return String(error);
    }
    return "nothing was refused";
  };

  test("to start without a store, naming both choices of each, beside whatever else is wrong", () => {
    const text = told({ PENSTOCK_API_URL: "nowhere" });

    expect(text).toMatch(/PENSTOCK_API_URL: /);
    expect(text).toMatch(/PENSTOCK_COSMOS: is not set, nor is PENSTOCK_SQLITE_FILE/);
    expect(text).toMatch(/PENSTOCK_STORAGE: is not set, nor is PENSTOCK_DATASTORES_FOLDER/);
  });

  test.each([
    [{ ...HERE, PENSTOCK_COSMOS: COSMOS }, /PENSTOCK_SQLITE_FILE: is set beside PENSTOCK_COSMOS/],
    [{ ...HERE, PENSTOCK_STORAGE: "UseDevelopmentStorage=true" }, /PENSTOCK_DATASTORES_FOLDER: is set beside PENSTOCK_STORAGE/],
    [
      { ...HERE, PENSTOCK_SQLITE_FILE: "", PENSTOCK_COSMOS: COSMOS, PENSTOCK_COSMOS__accountEndpoint: "https://a.b" },
      /PENSTOCK_COSMOS__accountEndpoint: is set beside PENSTOCK_COSMOS/,
    ],
    [{ ...HERE, PENSTOCK_SQLITE_FILE: "", PENSTOCK_COSMOS__accountEndpoint: "team" }, /PENSTOCK_COSMOS__accountEndpoint: is not a URL/],
    [{ ...HERE, PENSTOCK_SQLITE_FILE: "", PENSTOCK_COSMOS__clientId: GUID }, /PENSTOCK_COSMOS__clientId: is set, and no setting names/],
    [
      { ...HERE, PENSTOCK_SQLITE_FILE: "", PENSTOCK_COSMOS__accountEndpoint: "https://a.b", PENSTOCK_COSMOS__credential: "key" },
      /PENSTOCK_COSMOS__credential: is neither managedidentity nor left out/,
    ],
  ])("%o, and shows no value", (settings, message) => {
    const text = told(settings);

    expect(text).toMatch(message);
    expect(text).not.toContain("secret");
  });
});

describe("readSettings reads how far back markers are read again", () => {
  test.each([
    ["60", 60_000],
    ["0.5", 500],
    ["1.001", 1001],
  ])("%s seconds", (text, milliseconds) => {
    expect(readSettings({ ...BASE, ...HERE, PENSTOCK_MARKER_LOOKBACK_SECONDS: text }).markerLookbackMs).toBe(milliseconds);
  });

  test.each(["-1", "0.0005", "1e3", "soon", ""])("and refuses %j by its name", (text) => {
    expect(() => readSettings({ ...BASE, ...HERE, PENSTOCK_MARKER_LOOKBACK_SECONDS: text })).toThrow("PENSTOCK_MARKER_LOOKBACK_SECONDS");
  });
});
