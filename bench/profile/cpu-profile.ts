/** What `Profiler.stop` answers: https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile. Times in microseconds. */
export interface CpuProfile {
  nodes: readonly ProfileNode[];
  startTime: number;
  endTime: number;
  /** Ids of the nodes that were on top, one a sample. */
  samples: readonly number[];
  /** From the sample before (the first: from the start) to each. */
  timeDeltas: readonly number[];
}

export interface ProfileNode {
  id: number;
  callFrame: CallFrame;
  children?: readonly number[];
}

export interface CallFrame {
  functionName: string;
  /** `file:` of a bundle, `node:` of Node's own modules, empty for native code. */
  url: string;
  /** From 0. */
  lineNumber: number;
  columnNumber: number;
}

/** A function on a stack, by its source. */
export interface Frame {
  name: string;
  /** Path in the repository, `node:…`, or empty for native code. */
  source: string;
  /** From 1; 0 where there is none. */
  line: number;
}

/** A stack, innermost function first, and how long it was seen, in microseconds. */
export interface Stack {
  frames: readonly Frame[];
  microseconds: number;
}

/** The stacks of a profile, each once. @param locate Finds the source of a frame. */
export function stacksOf(profile: CpuProfile, locate: (frame: CallFrame) => Frame): Stack[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const times = new Map<number, number>();
  profile.samples.forEach((id, n) => {
    // What was on top at a sample is taken to have been there until the next one.
    times.set(id, (times.get(id) ?? 0) + Math.max(0, profile.timeDeltas[n + 1] ?? 0));
  });
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, locate(callFrame)]));
  const stackOf = (leaf: number): Frame[] => {
    const found: Frame[] = [];
    for (let id: number | undefined = leaf; id !== undefined; id = parents.get(id)) {
      const frame = frames.get(id);
      if (frame && nodes.get(id)?.callFrame.functionName !== "(root)") found.push(frame);
    }
    return found;
  };
  return [...times].map(([id, microseconds]) => ({ frames: stackOf(id), microseconds }));
}
