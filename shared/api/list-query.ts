import { z } from "zod";
import { queryNumber } from "./query-number.ts";

/** A truth value as a URL carries it. */
export const queryFlag = z.enum(["true", "false"]);

/** How every list is paged; `cursor` is a page's last word, given back for the next one. */
export const paging = {
  limit: queryNumber(z.number().int().min(1).max(1000)).default(50),
  cursor: z.guid().toLowerCase().optional(),
};
