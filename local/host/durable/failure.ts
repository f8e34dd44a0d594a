/** How failures of JavaScript code look once the host and .NET have wrapped them. */

/** What was thrown, as the worker reports it: it makes an Error of anything. */
export function thrown(error: unknown): { message: string; stack: string } {
  if (error instanceof Error) return { message: error.message, stack: error.stack ?? "" };
  const message = typeof error === "string" ? error : typeof error === "object" && error !== null ? JSON.stringify(error) : String(error);
  return { message, stack: `Error: ${message}` };
}

/** The host's text for a failed invocation. */
export function invocationFailure({ message, stack }: { message: string; stack: string }): string {
  return `Result: Failure\nException: ${message}\nStack: ${stack}`;
}

/** `Reason` and `Details` of a failed activity. The two blanks are the real ones [R activity-fails-uncaught]. */
export function activityFailure(name: string, error: unknown): { Reason: string; Details: string } {
  const { message, stack } = thrown(error);
  return {
    Reason: `Activity function '${name}' failed:  ${message}`,
    Details: JSON.stringify({
      $type: "System.Exception, System.Private.CoreLib",
      ClassName: "System.Exception",
      Message: ` ${message}`,
      Data: null,
      InnerException: {
        $type: "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, Microsoft.Azure.WebJobs.Script",
        IsUserException: false,
        RemoteStackTrace: stack,
        RemoteMessage: message,
        RemoteTypeName: null,
        Message: invocationFailure({ message, stack }),
        InnerException: null,
        Source: "host",
        HResult: -2146233088,
      },
      HResult: -2146233088,
      Source: null,
    }),
  };
}

/** `Reason` and `Details` of a callHttp that got no answer. */
export function httpFailure(message: string): { Reason: string; Details: string } {
  return {
    Reason: message,
    Details: JSON.stringify({
      $type: "System.Net.Http.HttpRequestException, System.Net.Http",
      HttpRequestError: 2,
      StatusCode: null,
      Message: message,
      Data: { $type: "System.Collections.ListDictionaryInternal, System.Private.CoreLib" },
      InnerException: null,
      Source: "System.Net.Http",
      HResult: -2147467259,
    }),
  };
}
