import { WINDOWS_ZONES } from "./windows-zones.ts";

const known = new Map<string, string>();
const windows = new Map(Object.entries(WINDOWS_ZONES).map(([name, zone]) => [name.toLowerCase(), zone]));
/** Offsets such as `+01:00` are left out: not every JavaScript engine takes them, and they have no daylight saving. */
const NAME = /^[A-Za-z][A-Za-z0-9_+\-/]*$/;

/**
 * The IANA time zone that a name stands for: an IANA name (`Europe/Berlin`), or a Windows name (`W. Europe Standard Time`) as v1 has them. Case
 * does not matter. Undefined for what is neither.
 */
export function ianaZone(name: string): string | undefined {
  const key = name.toLowerCase();
  const zone = known.get(key) ?? windows.get(key) ?? canonical(name);
  if (zone !== undefined) known.set(key, zone);
  return zone;
}

function canonical(name: string): string | undefined {
  if (!NAME.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** Up to five names that hold a part of what was written, for who misspelt one. */
export function similarZones(name: string): string[] {
  const wanted = letters(name);
  const names = [...Intl.supportedValuesOf("timeZone"), ...Object.keys(WINDOWS_ZONES)];
  const city = letters(name.split("/").at(-1) ?? "");
  const fits = (zone: string) => letters(zone).includes(wanted) || (city.length >= 3 && letters(zone).includes(city));
  return wanted.length < 3 ? [] : names.filter(fits).slice(0, 5);
}

function letters(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z]/g, "");
}
