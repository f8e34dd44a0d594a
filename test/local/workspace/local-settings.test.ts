import { describe, expect, test } from "vitest";
import { readLocalSettings } from "../../../local/workspace/local-settings.ts";

describe("the settings of a start", () => {
  test("are read from environment variables", () => {
    const settings = readLocalSettings({
      PENSTOCK_LOCAL_PYTHON: "python3.12",
      PENSTOCK_LOCAL_PIP_ARGUMENTS: " --no-index  --find-links /wheels ",
      PENSTOCK_LOCAL_NODES: "4",
    });

    expect(settings).toEqual({ python: "python3.12", pipArguments: ["--no-index", "--find-links", "/wheels"], maxNodes: 4 });
  });

  test("are unset when they are empty", () => {
    expect(readLocalSettings({ PENSTOCK_LOCAL_PYTHON: "", PENSTOCK_LOCAL_PIP_ARGUMENTS: " ", PENSTOCK_LOCAL_NODES: "" })).toEqual({});
  });

  test.each(["0", "-1", "1.5", "many"])("refuse %s nodes, and say what to set", (nodes) => {
    expect(() => readLocalSettings({ PENSTOCK_LOCAL_NODES: nodes })).toThrow(
      expect.objectContaining({
        message: `PENSTOCK_LOCAL_NODES is ${JSON.stringify(nodes)}`,
        remedy: expect.stringContaining("a whole number"),
      }),
    );
  });
});
