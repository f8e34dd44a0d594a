/** Ends a complete `switch`: a new member of the union fails the build where it matters. */
export function assertNever(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`);
}
