/** A route template that cannot be used; the function that has it is not mapped. */
export class RouteTemplateError extends Error {
  override name = "RouteTemplateError";
}
