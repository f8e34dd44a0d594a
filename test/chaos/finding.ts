/** Something that a kill must not have caused. */
export interface Finding {
  kind: "lost record" | "doubled record" | "doubled job" | "leftover process" | "wrong";
  what: string;
}

export const lost = (what: string): Finding => ({ kind: "lost record", what });
export const doubled = (what: string): Finding => ({ kind: "doubled record", what });
export const wrong = (what: string): Finding => ({ kind: "wrong", what });
