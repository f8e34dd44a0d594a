/** A function ran longer than `functionTimeout` of host.json allows. Azure ends the worker then; here the invocation fails and its rest is ignored. */
export class FunctionTimeoutError extends Error {
  override name = "FunctionTimeoutError";

  constructor(functionName: string, seconds: number) {
    super(
      `Function "${functionName}" ran longer than "functionTimeout" of host.json allows (${seconds} s); make it shorter, or raise the setting.`,
    );
  }
}

/** The promise's own outcome, or a {@link FunctionTimeoutError} after so many seconds; undefined is no limit. */
export async function withinTimeout<T>(work: Promise<T>, functionName: string, seconds: number | undefined): Promise<T> {
  if (seconds === undefined) return work;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new FunctionTimeoutError(functionName, seconds)), Math.min(seconds * 1000, 2 ** 31 - 1));
    timer.unref();
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
