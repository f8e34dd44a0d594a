/** An error of the host's own, marked as the worker marks them: the libraries tell it by this flag from one of the app. */
export class SystemError extends Error {
  readonly isAzureFunctionsSystemError = true;
  override name = "AzFuncSystemError";
}

/** As {@link SystemError}, for a value outside a fixed list: `@azure/functions` looks for the class name. */
export class SystemRangeError extends RangeError {
  readonly isAzureFunctionsSystemError = true;
}
