import { existsSync, rmSync } from "node:fs";
import promises, { type FileHandle } from "node:fs/promises";
import { devNull } from "node:os";
import { join } from "node:path";
import { firstHalf, unless } from "./patch-fs.ts";
import type { Points } from "./points.ts";

/** {@link patchFs} for `node:fs/promises`, the handles that it opens included. */
export async function patchFsPromises(points: Points): Promise<void> {
  const original = { ...promises };
  const removeSync = rmSync;
  const paths = new WeakMap<FileHandle, string>();

  promises.open = async (path, ...rest) => {
    const handle = await original.open(path, ...rest);
    paths.set(handle, String(path));
    return handle;
  };
  promises.writeFile = (file, data, options) => {
    const path = typeof file === "string" ? file : undefined;
    const write = (bytes: typeof data) => original.writeFile(file, bytes, options);
    return points.aroundAsync(
      "write",
      path,
      () => write(data),
      () => write(firstHalf(data)),
    );
  };
  promises.rename = (from, to) => points.aroundAsync("rename", String(to), () => original.rename(from, to));
  promises.link = (from, to) => points.aroundAsync("link", String(to), () => original.link(from, to));
  promises.symlink = (target, path, type) => points.aroundAsync("symlink", String(path), () => original.symlink(target, path, type));
  promises.unlink = (path) => points.aroundAsync("unlink", String(path), () => original.unlink(path));
  promises.copyFile = (from, to, mode) =>
    points.aroundAsync(
      "copy",
      String(to),
      () => original.copyFile(from, to, mode),
      async () => original.writeFile(String(to), firstHalf(await original.readFile(String(from)))),
    );
  promises.mkdir = ((path, options) =>
    points.aroundAsync("mkdir", unless(existsSync(path), path), () => original.mkdir(path, options))) as typeof promises.mkdir;
  promises.rm = (path, options) =>
    points.aroundAsync(
      "rm",
      unless(!existsSync(path), path),
      () => original.rm(path, options),
      () => removeHalf(String(path)),
    );

  async function removeHalf(path: string): Promise<void> {
    if (!(await original.lstat(path)).isDirectory()) return;
    const names = await original.readdir(path);
    for (const name of names.slice(0, Math.ceil(names.length / 2))) removeSync(join(path, name), { recursive: true, force: true });
  }

  await patchHandles(points, paths, original.open);
}

async function patchHandles(points: Points, paths: WeakMap<FileHandle, string>, open: typeof promises.open): Promise<void> {
  const one = await open(devNull);
  const handle: FileHandle = Object.getPrototypeOf(one);
  await one.close();
  const { writeFile, sync, datasync, truncate } = handle;
  const write = handle.write as (this: FileHandle, data: Uint8Array, ...where: [number?, number?, number?]) => Promise<unknown>;

  handle.writeFile = function (this: FileHandle, data, options) {
    const act = (bytes: typeof data) => writeFile.call(this, bytes, options);
    return points.aroundAsync(
      "write",
      paths.get(this),
      () => act(data),
      () => act(firstHalf(data)),
    );
  };
  handle.write = function (this: FileHandle, data: Uint8Array, ...rest: [number?, number?, number?]) {
    const act = (bytes: Uint8Array, ...where: [number?, number?, number?]) => write.call(this, bytes, ...where);
    const tear = () => act(data, 0, data.byteLength >> 1, rest[2]);
    return points.aroundAsync("write", paths.get(this), () => act(data, ...rest), tear);
  } as typeof handle.write;
  handle.sync = function (this: FileHandle) {
    return points.aroundAsync("sync", paths.get(this), () => sync.call(this));
  };
  handle.datasync = function (this: FileHandle) {
    return points.aroundAsync("sync", paths.get(this), () => datasync.call(this));
  };
  handle.truncate = function (this: FileHandle, length) {
    return points.aroundAsync("truncate", paths.get(this), () => truncate.call(this, length));
  };
}
