import { acknowledgedBeforeSync } from "./acknowledged-before-sync.ts";
import { canceledStepStarts } from "./canceled-step-starts.ts";
import { conflictSwallowed } from "./conflict-swallowed.ts";
import { continueAsNewDropsEvent } from "./continue-as-new-drops-event.ts";
import { eventLostBeforeWakeUp } from "./event-lost-before-wake-up.ts";
import { fanInCountsTwice } from "./fan-in-counts-twice.ts";
import { finishedStartedAgain } from "./finished-started-again.ts";
import { jobUnderFreshKey } from "./job-under-fresh-key.ts";
import { lockOfTheDead } from "./lock-of-the-dead.ts";
import type { Mutant } from "./mutant.ts";
import { timerRestoredLate } from "./timer-restored-late.ts";

export const MUTANTS: readonly Mutant[] = [
  eventLostBeforeWakeUp,
  jobUnderFreshKey,
  acknowledgedBeforeSync,
  conflictSwallowed,
  timerRestoredLate,
  canceledStepStarts,
  fanInCountsTwice,
  continueAsNewDropsEvent,
  finishedStartedAgain,
  lockOfTheDead,
];
