import type { Argument } from "../../shared/domain/pipeline-graph.ts";

const TOKEN = /^(input|output|parameter|side_input):(.*)$/s;

export type TokenKind = "input" | "output" | "parameter";

/** A word of `arguments` or of a `command` list: text, or a token that stands for a port or parameter. */
export type Word = { kind: "text"; text: string } | { kind: TokenKind; name: string } | { kind: "side_input"; name: string };

/** `input:<port>`, `output:<port>`, `parameter:<name>`; anything else is text. Spaces after the colon are let pass. */
export function readWord(text: string): Word {
  const [, kind, name] = TOKEN.exec(text) ?? [];
  if (kind === undefined || name === undefined) return { kind: "text", text };
  return { kind: kind as Exclude<Word["kind"], "text">, name: name.trim() };
}

/** The word as the graph has it. */
export function toArgument(word: Exclude<Word, { kind: "side_input" }>): Argument {
  switch (word.kind) {
    case "text":
      return word.text;
    case "input":
      return { input: word.name };
    case "output":
      return { output: word.name };
    case "parameter":
      return { parameter: word.name };
  }
}
