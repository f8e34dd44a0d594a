/** A file of the state folder cannot be used as it is. The message names the file, what is wrong with it and the way out. */
export class StateError extends Error {
  override name = "StateError";
}
