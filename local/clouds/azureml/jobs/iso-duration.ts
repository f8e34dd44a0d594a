const DURATION = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const SECONDS = [604_800, 86_400, 3_600, 60, 1];

/** Milliseconds of an ISO 8601 duration in weeks, days, hours, minutes and whole seconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const parts = DURATION.exec(text)?.slice(1);
  if (!parts?.some((part) => part !== undefined)) return undefined;
  return 1000 * parts.reduce((total, part, index) => total + Number(part ?? 0) * (SECONDS[index] ?? 0), 0);
}
