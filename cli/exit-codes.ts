/** What `penstock` ends with; scripts may rely on it. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  notFound: 3,
  forbidden: 4,
  conflict: 5,
  runFailed: 6,
  runCanceled: 7,
  unreachable: 9,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
