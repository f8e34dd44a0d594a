/** Names the file into which the host writes what memory it holds. */
export const MEMORY_VARIABLE = "PENSTOCK_FUZZ_MEMORY";
