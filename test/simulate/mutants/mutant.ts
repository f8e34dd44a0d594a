/** A deliberate fault, as edits of the source: each text must stand in its file exactly once. */
export interface Mutant {
  /** Of its file, without the ending. */
  readonly name: string;
  /** What is wrong with the code, in words. */
  readonly fault: string;
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
}
