import { describe, expect, test } from "vitest";
import { ianaZone, similarZones } from "../../../../shared/domain/schedules/time-zone.ts";
import { WINDOWS_ZONES } from "../../../../shared/domain/schedules/windows-zones.ts";

describe("ianaZone", () => {
  test.each([
    ["W. Europe Standard Time", "Europe/Berlin"],
    ["w. europe standard time", "Europe/Berlin"],
    ["Eastern Standard Time", "America/New_York"],
    ["Greenwich Standard Time", "Atlantic/Reykjavik"],
    ["Europe/Berlin", "Europe/Berlin"],
    ["europe/berlin", "Europe/Berlin"],
    ["UTC", "UTC"],
  ])("takes %s for %s", (name, zone) => {
    expect(offsets(ianaZone(name))).toEqual(offsets(zone));
  });

  test.each(["Europe/Atlantis", "+01:00", "", "W. Europe Summer Time", "Berlin", "__proto__", "constructor"])(
    "does not know %j",
    (name) => {
      expect(ianaZone(name)).toBeUndefined();
    },
  );

  test("knows every name that Windows has, each as a zone that this engine knows", () => {
    expect(Object.keys(WINDOWS_ZONES)).toHaveLength(139);
    expect(Object.keys(WINDOWS_ZONES).filter((name) => ianaZone(name) === undefined)).toEqual([]);
  });
});

describe("similarZones", () => {
  test.each([
    ["Berlin", "Europe/Berlin"],
    ["Europe/New York", "America/New_York"],
    ["W Europe Standard Time", "W. Europe Standard Time"],
  ])("finds for %s also %s", (name, zone) => {
    expect(similarZones(name)).toContain(zone);
  });

  test("finds none for what is like nothing", () => {
    expect(similarZones("zz")).toEqual([]);
  });
});

/** Aliases are many; the same clock is what counts. */
function offsets(zone: string | undefined): string[] {
  const format = new Intl.DateTimeFormat("en", { timeZone: zone ?? "nowhere", timeStyle: "full" });
  return [0, 6].map((month) => format.format(Date.UTC(2026, month, 1)));
}
