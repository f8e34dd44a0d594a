import { z } from "zod";
import type { ProblemDetail } from "../problems.ts";
import { ianaZone, similarZones } from "./time-zone.ts";
import { instantOf, type WallTime } from "./wall-clock.ts";

/** A time on the clock of a schedule's time zone, `YYYY-MM-DDThh:mm:ss`; seconds may be left out. */
export const LocalTime = z
  .string()
  .regex(/^(19[7-9]\d|[2-9]\d{3})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/, {
    error: "a time is YYYY-MM-DDThh:mm:ss, without Z or an offset (timeZone says whose clock it is), from 1970 on",
    abort: true,
  })
  .refine((text) => isOnCalendar(text), "there is no such date");
export type LocalTime = z.infer<typeof LocalTime>;

/** An IANA name or a Windows name of a time zone; {@link checkTimeZone} says whether there is one. */
export const ZoneName = z.string().min(1).max(100);

/** What recurrences and cron expressions have in common. */
export interface Timing {
  readonly startTime?: LocalTime | undefined;
  readonly endTime?: LocalTime | undefined;
  readonly timeZone: string;
}

export function checkTimeZone(name: string): ProblemDetail[] {
  if (ianaZone(name) !== undefined) return [];
  const similar = similarZones(name);
  return [
    {
      pointer: "/timeZone",
      message: `there is no time zone ${JSON.stringify(name)}`,
      remedy: `give an IANA name such as "Europe/Berlin" or a Windows name such as "W. Europe Standard Time"${
        similar.length > 0 ? `; did you mean ${similar.map((zone) => JSON.stringify(zone)).join(" or ")}?` : ""
      }`,
    },
  ];
}

/** Texts of one form sort by time. */
export function checkEnd({ startTime, endTime }: Timing): ProblemDetail[] {
  if (startTime === undefined || endTime === undefined || wallOf(endTime) >= wallOf(startTime)) return [];
  return [
    {
      pointer: "/endTime",
      message: `endTime ${endTime} is before startTime ${startTime}, so there would be no tick`,
      remedy: "give a later endTime, or leave it out",
    },
  ];
}

/** The IANA zone of a timing that was checked. @throws {Error} when it was not. */
export function zoneOf({ timeZone }: Timing): string {
  const zone = ianaZone(timeZone);
  if (zone === undefined) throw new Error(`there is no time zone ${JSON.stringify(timeZone)}`);
  return zone;
}

/** `startTime` as an instant. */
export function startOf(timing: Timing): number | undefined {
  return timing.startTime === undefined ? undefined : instantOf(zoneOf(timing), wallOf(timing.startTime));
}

/** `endTime` as an instant: the last at which there may be a tick. */
export function endOf(timing: Timing): number {
  return timing.endTime === undefined ? Number.POSITIVE_INFINITY : instantOf(zoneOf(timing), wallOf(timing.endTime));
}

export function wallOf(time: LocalTime): WallTime {
  return Date.parse(`${time}Z`);
}

/** A 30 February would be taken for a day of March. */
function isOnCalendar(text: string): boolean {
  const wall = wallOf(text);
  return Number.isFinite(wall) && new Date(wall).toISOString().startsWith(text);
}
