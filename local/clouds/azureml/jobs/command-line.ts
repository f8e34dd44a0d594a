import { userError } from "../http/arm-error.ts";

/** What `${{inputs.x}}` and `${{outputs.y}}` stand for. Paths are quoted to fit their place in the command, literals are put in as they are. */
export interface Bindings {
  inputs: Readonly<Record<string, Binding>>;
  outputs: Readonly<Record<string, Binding>>;
}

export type Binding = { kind: "literal" | "path"; value: string };

type Quotes = "none" | "single" | "double";

const OPEN = "${{";
const CLOSE = "}}";

/**
 * The command with its `${{…}}` put in. A part in `$[[…]]` is left out when an input it names was not given.
 * Azure ML mounts at paths without blanks, and a laptop's may have some: so a path is quoted by the shell's rules for
 * where it stands, inside quotes or not.
 * @throws {ArmError} 400 for a name that the job does not declare.
 */
export function resolveCommand(command: string, bindings: Bindings): string {
  const text = resolveOptionalParts(command, bindings);
  let resolved = "";
  let quotes: Quotes = "none";
  for (let at = 0; at < text.length; ) {
    if (text.startsWith(OPEN, at)) {
      const end = text.indexOf(CLOSE, at);
      if (end < 0) throw refused(`'${text.slice(at, at + 40)}' has no closing }}`);
      resolved += quoted(lookUp(text.slice(at + OPEN.length, end).trim(), bindings), quotes);
      at = end + CLOSE.length;
    } else {
      const step = text[at] === "\\" && quotes !== "single" ? 2 : 1;
      if (step === 1) quotes = after(quotes, text[at]);
      resolved += text.slice(at, at + step);
      at += step;
    }
  }
  return resolved;
}

function resolveOptionalParts(command: string, bindings: Bindings): string {
  const [head = "", ...parts] = command.split("$[[");
  return parts.reduce((text, part) => {
    const end = part.indexOf("]]");
    if (end < 0) throw refused("'$[[' has no closing ]]");
    const optional = part.slice(0, end);
    const given = [...optional.matchAll(/\$\{\{\s*inputs\.([^}\s]+)\s*\}\}/g)].every(([, name = ""]) =>
      Object.hasOwn(bindings.inputs, name),
    );
    return text + (given ? optional : "") + part.slice(end + 2);
  }, head);
}

function lookUp(expression: string, bindings: Bindings): Binding {
  const [kind, name, more] = expression.split(".");
  const table = kind === "inputs" ? bindings.inputs : kind === "outputs" ? bindings.outputs : undefined;
  if (!table || !name || more !== undefined)
    throw refused(`'${OPEN}${expression}${CLOSE}' is neither \${{inputs.NAME}} nor \${{outputs.NAME}}`);
  const binding = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!binding)
    throw refused(`'${OPEN}${expression}${CLOSE}' names none of the job's ${kind}: ${Object.keys(table).join(", ") || "it has none"}`);
  return binding;
}

function after(quotes: Quotes, character: string | undefined): Quotes {
  if (character === "'" && quotes !== "double") return quotes === "single" ? "none" : "single";
  if (character === '"' && quotes !== "single") return quotes === "double" ? "none" : "double";
  return quotes;
}

function quoted({ kind, value }: Binding, quotes: Quotes): string {
  if (kind === "literal") return value;
  if (quotes === "double") return value.replaceAll(/[\\"$`]/g, "\\$&");
  const inner = value.replaceAll("'", "'\\''");
  return quotes === "single" || /^[\w@%+=:,./-]+$/.test(value) ? inner : `'${inner}'`;
}

function refused(message: string) {
  return userError(400, "BadArgument", `properties.command: ${message}`, "properties.command");
}
