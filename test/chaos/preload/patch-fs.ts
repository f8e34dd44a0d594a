import fs from "node:fs";
import { join } from "node:path";
import type { Points } from "./points.ts";

type PathLike = fs.PathLike;

/** Makes a point of every synchronous call that writes to a file or changes what names there are. */
export function patchFs(points: Points): void {
  const original = { ...fs };
  const paths = new Map<number, string>();

  fs.openSync = (path, ...rest) => {
    const file = original.openSync(path, ...rest);
    paths.set(file, String(path));
    return file;
  };
  fs.closeSync = (file) => {
    paths.delete(file);
    original.closeSync(file);
  };
  fs.writeFileSync = (path, data, options) => {
    const to = typeof path === "number" ? paths.get(path) : String(path);
    points.around(
      "write",
      to,
      () => original.writeFileSync(path, data, options),
      () => original.writeFileSync(path, firstHalf(data), options),
    );
  };
  fs.writeSync = ((file: number, data: string | Uint8Array, ...rest: []) => {
    const act = () => original.writeSync(file, data as string, ...rest);
    return points.around("write", paths.get(file), act, () => original.writeSync(file, firstHalf(data) as string, ...rest));
  }) as typeof fs.writeSync;
  for (const name of ["fsyncSync", "fdatasyncSync"] as const)
    fs[name] = (file) => points.around("sync", paths.get(file), () => original[name](file));
  fs.ftruncateSync = (file, length) => points.around("truncate", paths.get(file), () => original.ftruncateSync(file, length));
  fs.renameSync = (from, to) => points.around("rename", String(to), () => original.renameSync(from, to));
  fs.linkSync = (from, to) => points.around("link", String(to), () => original.linkSync(from, to));
  fs.symlinkSync = (target, path, type) => points.around("symlink", String(path), () => original.symlinkSync(target, path, type));
  fs.unlinkSync = (path) => points.around("unlink", String(path), () => original.unlinkSync(path));
  fs.copyFileSync = (from, to, mode) =>
    points.around(
      "copy",
      String(to),
      () => original.copyFileSync(from, to, mode),
      () => original.writeFileSync(to, firstHalf(original.readFileSync(from))),
    );
  fs.mkdirSync = ((path: PathLike, options?: fs.MakeDirectoryOptions) =>
    points.around("mkdir", unless(original.existsSync(path), path), () => original.mkdirSync(path, options))) as typeof fs.mkdirSync;
  fs.rmSync = (path, options) =>
    points.around(
      "rm",
      unless(!original.existsSync(path), path),
      () => original.rmSync(path, options),
      () => removeHalf(String(path)),
    );

  function removeHalf(path: string): void {
    if (!original.lstatSync(path).isDirectory()) return;
    const names = original.readdirSync(path);
    for (const name of names.slice(0, Math.ceil(names.length / 2))) original.rmSync(join(path, name), { recursive: true, force: true });
  }
}

/** Nothing happens to what is there, or is not, already. */
export function unless(idle: boolean, path: PathLike): string | undefined {
  return idle ? undefined : String(path);
}

export function firstHalf(data: unknown): string | Uint8Array {
  if (typeof data === "string") return data.slice(0, data.length >> 1);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength >> 1);
  return "";
}
