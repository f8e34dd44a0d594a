/** What a helper process does when it is asked. Requests come from the bench itself, so their shape is not checked again. */
export type Role = (request: never) => Promise<unknown>;
/** Makes a role ready, with the arguments of its process. */
export type OpenRole = (args: readonly string[]) => Promise<Role>;
