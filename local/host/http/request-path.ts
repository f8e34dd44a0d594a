/**
 * The segments of a request's path (without query), decoded as the real host's server does it: `%2F` stays as it is, dots
 * are resolved, one slash at the end is ignored. Undefined if the path does not begin with a slash or is not well encoded.
 */
export function requestSegments(path: string): string[] | undefined {
  if (path[0] !== "/") return undefined;
  const raw = path.length === 1 ? [] : path.slice(1, path.endsWith("/") ? -1 : undefined).split("/");
  if (!path.includes("%") && !path.includes("/.")) return raw;
  try {
    return withoutDots(raw.map(decode));
  } catch {
    return undefined;
  }
}

function decode(segment: string): string {
  if (!segment.includes("%")) return segment;
  const decoded = decodeURIComponent(segment.replace(/%2f/gi, (slash) => `%25${slash.slice(1)}`));
  if (decoded.includes("\0")) throw new URIError("NUL in a path");
  return decoded;
}

function withoutDots(segments: readonly string[]): string[] {
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === "..") kept.pop();
    else if (segment !== ".") kept.push(segment);
  }
  return kept;
}
