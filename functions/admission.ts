import { ProblemError } from "../shared/domain/problems.ts";

/** What one process takes on at a time; docs/limits.md has the same table. */
export interface AdmissionLimits {
  /** Submits under way: each checks and stores a graph of up to 20,000 steps. */
  readonly submits: number;
  /** Requests that wait for news (`waitSeconds`). */
  readonly waits: number;
  /** Bytes of the bodies of all requests under way. */
  readonly bodyBytes: number;
  /** Bytes of files that are being read for answers. */
  readonly answerBytes: number;
}

const MIB = 1024 * 1024;
export const ADMISSION: AdmissionLimits = { submits: 64, waits: 250, bodyBytes: 128 * MIB, answerBytes: 128 * MIB };

/** Gives back what was taken. */
export type Leave = () => void;

/**
 * Counts what a process has under way, so that too much at once is refused with 429 and a time to come back, and not taken until the memory
 * ends. What is under way goes on undisturbed.
 */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #taken = { submits: 0, waits: 0, bodyBytes: 0, answerBytes: 0 };

  constructor(limits: AdmissionLimits = ADMISSION) {
    this.#limits = limits;
  }

  /** @throws {ProblemError} `busy` */
  submit(): Leave {
    return this.#take("submits", 1, {
      what: "submits under way",
      remedy: "send it again with the same Idempotency-Key, so that it makes one run",
      retryAfterSeconds: 1,
    });
  }

  /** @throws {ProblemError} `busy` */
  wait(): Leave {
    return this.#take("waits", 1, {
      what: "requests that wait for news",
      remedy: "ask with fewer at a time, or without waitSeconds",
      retryAfterSeconds: 2,
    });
  }

  /** A body is taken where there is no other, whatever its size: that has a limit of its own. @throws {ProblemError} `busy` */
  body(bytes: number): Leave {
    return this.#take("bodyBytes", bytes, {
      what: "bytes in the bodies of requests under way",
      remedy: "send fewer large bodies at a time",
      retryAfterSeconds: 1,
    });
  }

  /** As {@link body}. @throws {ProblemError} `busy` */
  answer(bytes: number): Leave {
    return this.#take("answerBytes", bytes, {
      what: "bytes of files read for answers under way",
      remedy: "read fewer large files at a time, or smaller ranges of them",
      retryAfterSeconds: 1,
    });
  }

  #take(
    kind: keyof AdmissionLimits,
    amount: number,
    { remedy, ...busy }: { what: string; remedy: string; retryAfterSeconds: number },
  ): Leave {
    const limit = this.#limits[kind];
    if (this.#taken[kind] > 0 && this.#taken[kind] + amount > limit)
      throw new ProblemError({ kind: "busy", ...busy, limit, remedy: `try again in ${busy.retryAfterSeconds} s; ${remedy}` });
    this.#taken[kind] += amount;
    return () => {
      this.#taken[kind] -= amount;
    };
  }
}

/** One for all functions of the process. */
export const ofThisProcess = new Admission();
