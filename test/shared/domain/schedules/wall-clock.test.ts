import { describe, expect, test } from "vitest";
import { instantOf, wallAt } from "../../../../shared/domain/schedules/wall-clock.ts";

const wall = (text: string) => Date.parse(`${text}Z`);
const instant = (zone: string, text: string) => new Date(instantOf(zone, wall(text))).toISOString();

describe("instantOf", () => {
  test.each([
    ["an ordinary time", "Europe/Berlin", "2026-07-01T12:00:00", "2026-07-01T10:00:00.000Z"],
    ["the first of two in Berlin", "Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00.000Z"],
    ["the change for a time that is left out in Berlin", "Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:00:00.000Z"],
    ["the last time before a change", "Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T00:59:59.000Z"],
    ["the first time after it", "Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00.000Z"],
    ["the first of two in New York", "America/New_York", "2026-11-01T01:15:00", "2026-11-01T05:15:00.000Z"],
    ["a change by half an hour", "Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:30:00.000Z"],
    ["the first of two half hours", "Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:45:00.000Z"],
    ["a day that was left out whole", "Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T10:00:00.000Z"],
    ["midnight that is left out", "America/Santiago", "2026-09-06T00:00:00", "2026-09-06T04:00:00.000Z"],
    ["a zone with no change", "Asia/Kathmandu", "2026-01-01T00:00:00", "2025-12-31T18:15:00.000Z"],
  ])("is %s", (_what, zone, local, expected) => {
    expect(instant(zone, local)).toBe(expected);
  });
});

describe("wallAt", () => {
  test("shows midnight as the hour 0", () => {
    expect(wallAt("Europe/Berlin", Date.parse("2026-06-30T22:00:00Z"))).toBe(wall("2026-07-01T00:00:00"));
  });
});
