import { UserError } from "./user-error.ts";

/**
 * Reads `--set name=value` where only the server knows the parameters: it takes a text for what their types ask for.
 * @throws {UserError} `usage`
 */
export function readAssignments(assignments: readonly string[]): Record<string, string> {
  const wrong = assignments.filter((assignment) => !assignment.includes("="));
  if (wrong.length > 0)
    throw new UserError("usage", "The parameters cannot be set so", {
      details: wrong.map((assignment) => `--set ${JSON.stringify(assignment)} has no "=": write name=value`),
    });
  return Object.fromEntries(
    assignments.map((assignment) => [assignment.slice(0, assignment.indexOf("=")), assignment.slice(assignment.indexOf("=") + 1)]),
  );
}
