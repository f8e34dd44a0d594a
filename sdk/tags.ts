import { UserError } from "./user-error.ts";

/** Reads `--tag name=value` or a bare `--tag name`. */
export function readTags(tags: readonly string[]): Record<string, string | null> {
  return Object.fromEntries(
    tags.map((tag) => {
      const end = tag.indexOf("=");
      if (end === 0 || tag === "")
        throw new UserError("usage", `--tag ${JSON.stringify(tag)} has no name`, { remedy: "write name=value, or a name alone" });
      return end < 0 ? [tag, null] : [tag.slice(0, end), tag.slice(end + 1)];
    }),
  );
}
