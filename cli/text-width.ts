import { stripVTControlCharacters } from "node:util";

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const NARROW = /^[\p{M}\p{Cf}]/u;
const segmenter = new Intl.Segmenter();

/** Columns a text takes on a terminal (UAX #11, as terminals have it): colours take none, East Asian letters and emoji two. */
export function textWidth(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (/^[\x20-\x7e]*$/.test(plain)) return plain.length;
  return [...segmenter.segment(plain)].reduce((sum, { segment }) => sum + widthOf(segment), 0);
}

/** Filled up with spaces to a width. */
export function padText(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - textWidth(text)));
}

/** Cut to a width, with an ellipsis where something is missing; colours inside are dropped when it is cut. */
export function cutText(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const { segment } of segmenter.segment(stripVTControlCharacters(text))) {
    if (used + widthOf(segment) > width - 1) break;
    kept += segment;
    used += widthOf(segment);
  }
  return width < 1 ? "" : `${kept}…`;
}

/** One line that can do nothing to a terminal: control sequences, control characters and what turns the direction of a text are taken out, tabs and line ends become spaces. */
export function harmless(line: string): string {
  return stripVTControlCharacters(line)
    .replaceAll("\t", "    ")
    .replace(/\r?\n/g, " ")
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "");
}

function widthOf(segment: string): number {
  return NARROW.test(segment) ? 0 : WIDE.test(segment) ? 2 : 1;
}
