import { execFile } from "node:child_process";

/** The oldest Python that the step runtime is written for. */
const OLDEST = [3, 8] as const;

/** Says what is wrong with the machine's Python for running steps, or nothing. Without one the workspace still starts: it can be looked at. */
export async function checkPython(python: string): Promise<string | undefined> {
  const version = await new Promise<string | undefined>((resolve) => {
    execFile(python, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], { timeout: 5000 }, (error, stdout) =>
      resolve(error ? undefined : stdout.trim()),
    );
  });
  if (version === undefined)
    return `${python} was not found or does not start, so no step can run; install Python 3.9 or newer, or set PENSTOCK_LOCAL_PYTHON to one`;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined;
  return `${python} is Python ${version}, and steps need ${OLDEST.join(".")} or newer; set PENSTOCK_LOCAL_PYTHON to one`;
}
