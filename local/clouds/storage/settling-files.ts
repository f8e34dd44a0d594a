/** Paths that changed a moment ago and may change again: each comes due when it has been quiet for a while. */
export class SettlingFiles {
  /** When each is due, the earliest first: a path that is touched again moves to the end. */
  private readonly due = new Map<string, number>();
  private readonly quietMs: number;
  private readonly onDue: (paths: string[]) => Promise<void>;
  private timer: NodeJS.Timeout | undefined;
  private busy = false;
  private stopped = false;

  constructor(quietMs: number, onDue: (paths: string[]) => Promise<void>) {
    this.quietMs = quietMs;
    this.onDue = onDue;
  }

  touch(path: string): void {
    this.due.delete(path);
    this.due.set(path, performance.now() + this.quietMs);
    this.arm();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private arm(): void {
    if (this.timer || this.busy || this.stopped) return;
    const [earliest] = this.due.values();
    if (earliest === undefined) return;
    this.timer = setTimeout(() => void this.settle(), Math.max(earliest - performance.now(), 1)).unref();
  }

  private async settle(): Promise<void> {
    this.timer = undefined;
    this.busy = true;
    const now = performance.now();
    const paths = this.due
      .entries()
      .take(512)
      .filter(([, at]) => at <= now)
      .map(([path]) => path)
      .toArray();
    for (const path of paths) this.due.delete(path);
    if (paths.length > 0) await this.onDue(paths);
    this.busy = false;
    this.arm();
  }
}
