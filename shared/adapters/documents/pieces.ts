import { z } from "zod";
import { DOCUMENT_BYTES } from "../../ports/document-rules.ts";
import { type Documents, StoreError } from "../../ports/documents.ts";
import { parseOnce } from "./parse-once.ts";
import { readable } from "./readable.ts";

/** UTF-16 units in a piece of a JSON text: three bytes each at the most, and it must fit into a document. */
const PIECE_CHARACTERS = Math.floor((DOCUMENT_BYTES - 1024) / 3);
/** What stands for a value that is too large for one document: its JSON lies beside it in so many pieces. */
const InPieces = z.object({ pieces: z.int() });
const Piece = z.strictObject({ json: z.string() });

/**
 * Creates a document of any size that never changes: as it is where it fits, else in pieces beside one that counts them and comes last. One that
 * is there is left alone, and one that was begun is completed.
 * @param json the value's JSON, where it is known already.
 */
export async function createWhole(
  documents: Documents,
  pk: string,
  sk: string,
  value: object,
  json = JSON.stringify(value),
): Promise<void> {
  if (json.length <= PIECE_CHARACTERS) {
    await documents.create(pk, sk, value);
    return;
  }
  const pieces = Math.ceil(json.length / PIECE_CHARACTERS);
  for (let at = 0; at < pieces; at++)
    await documents.create(pk, pieceKey(sk, at), { json: json.slice(at * PIECE_CHARACTERS, (at + 1) * PIECE_CHARACTERS) });
  await documents.create(pk, sk, { pieces });
}

/** Reads what {@link createWhole} stored. @throws {StoreError} `corrupt` when a piece is gone or the value is none of the schema. */
export async function readWhole<T extends z.ZodType>(
  documents: Documents,
  pk: string,
  sk: string,
  schema: T,
): Promise<z.output<T> | undefined> {
  const stored = await documents.read(pk, sk);
  if (!stored) return undefined;
  const counted = InPieces.safeParse(stored.value);
  if (!counted.success) return readable(parseOnce(schema, stored.value), pk, sk);
  const keys = Array.from({ length: counted.data.pieces }, (_, at) => pieceKey(sk, at));
  const texts: string[] = [];
  for (const key of keys) {
    const piece = await documents.read(pk, key);
    if (!piece) throw new StoreError("corrupt", `${pk}/${sk} lies in ${keys.length} pieces, and ${key} is gone`);
    texts.push(readable(Piece.safeParse(piece.value), pk, key).json);
  }
  return readable(schema.safeParse(JSON.parse(texts.join(""))), pk, sk);
}

function pieceKey(sk: string, at: number): string {
  return `${sk}:${String(at).padStart(4, "0")}`;
}
