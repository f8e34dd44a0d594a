// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Azure ML's expressions, not JavaScript's.
import { describe, expect, test } from "vitest";
import { parseCondaFile } from "../../../../local/clouds/azureml/environments/conda-file.ts";
import { resolveCommand } from "../../../../local/clouds/azureml/jobs/command-line.ts";
import { parseDuration } from "../../../../local/clouds/azureml/jobs/iso-duration.ts";

describe("resolveCommand", () => {
  const path = { kind: "path" as const, value: "/a b/it's $x" };
  const resolve = (command: string) =>
    resolveCommand(command, {
      inputs: { p: path, lr: { kind: "literal", value: "0 1" } },
      outputs: { o: { kind: "path", value: "/plain" } },
    });

  test.each([
    ["cat ${{inputs.p}}/f", "cat '/a b/it'\\''s $x'/f"],
    ['cat "${{inputs.p}}/f"', 'cat "/a b/it\'s \\$x/f"'],
    ["cat '${{inputs.p}}/f'", "cat '/a b/it'\\''s $x/f'"],
    ["echo \\' ${{inputs.p}}", "echo \\' '/a b/it'\\''s $x'"],
    ["echo ${{ outputs.o }} ${{inputs.lr}}", "echo /plain 0 1"],
    ["echo ${HOME} $${{inputs.lr}}", "echo ${HOME} $0 1"],
  ])("puts `%s` together as the shell reads it", (command, expected) => {
    expect(resolve(command)).toBe(expected);
  });

  test.each(["${{inputs}}", "${{inputs.a.b}}", "${{name}}", "${{inputs.__proto__}}", "${{inputs.toString}}", "$[[ ${{inputs.p}}"])(
    "refuses `%s`",
    (command) => {
      expect(() => resolve(command)).toThrow("properties.command");
    },
  );
});

describe("parseDuration", () => {
  test.each([
    ["PT1S", 1_000],
    ["PT1H30M", 5_400_000],
    ["P1DT1S", 86_401_000],
    ["P2W", 1_209_600_000],
  ])("reads %s", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each(["", "P", "PT", "P1M", "P1Y", "PT1.5S", "1H", "-PT1S"])("does not know '%s'", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe("parseCondaFile", () => {
  test("sorts packages by who can give them", () => {
    const file = parseCondaFile(
      "channels: [anaconda]\ndependencies:\n- python=3.9.18\n- numpy>=1\n- pip=23\n- pip:\n  - a==1\n  - '# remark'\n  - -r b.txt\n",
    );

    expect(file).toEqual({
      pythonAsked: "python=3.9.18",
      python: "3.9.18",
      pip: ["a==1", "-r b.txt"],
      condaOnly: ["numpy>=1"],
      channels: ["anaconda"],
    });
  });

  test.each([
    ["python=3.9", "3.9"],
    ["python==3.9.*", "3.9"],
    ["python = 3", "3"],
    ["python>=3.8", undefined],
    ["python", undefined],
  ])("reads the version of '%s'", (dependency, version) => {
    expect(parseCondaFile(JSON.stringify({ dependencies: [dependency] })).python).toBe(version);
  });

  test.each([
    ["- a", "must be a mapping"],
    ["dependencies: a", "'dependencies' must be a list"],
    ["channels: {}", "'channels' must be a list"],
    ["dependencies: [{pip: a}]", "'pip:' with a list"],
    ["a: [", ""],
    [
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]`,
      "",
    ],
  ])("refuses `%s`", (text, message) => {
    expect(() => parseCondaFile(text)).toThrow(message);
  });
});
