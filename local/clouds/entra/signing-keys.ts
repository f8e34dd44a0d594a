import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { chmod, mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { calculateJwkThumbprint, type JWK } from "jose";
import { z } from "zod";

/** Keys kept, the newest first: it signs, and tokens signed by those before it are still good. */
const KEYS = 3;

const StoredKeys = z.object({ keys: z.array(z.object({ kid: z.string(), pem: z.string() })).min(1) });

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** As the keys document shows it. */
  readonly publicJwk: JWK;
}

/** The issuer's RSA keys, kept in a file of its state folder that only its owner may read. */
export class SigningKeys {
  private readonly file: string;
  private held: readonly SigningKey[];

  private constructor(file: string, held: readonly SigningKey[]) {
    this.file = file;
    this.held = held;
  }

  /** Reads the keys of the last time, or makes the first. @throws {Error} naming the file when it holds something else. */
  static async open(stateFolder: string): Promise<SigningKeys> {
    await mkdir(stateFolder, { recursive: true, mode: 0o700 });
    const file = join(stateFolder, "keys.json");
    const keys = new SigningKeys(file, await readKeys(file));
    if (keys.held.length === 0) await keys.roll();
    return keys;
  }

  /** The key that signs, and those whose tokens are still taken. */
  get all(): readonly [SigningKey, ...SigningKey[]] {
    const [newest, ...older] = this.held;
    if (!newest) throw new Error("the issuer has no key");
    return [newest, ...older];
  }

  /** Makes a new key, which signs from now on. */
  async roll(): Promise<void> {
    const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
    const held = [await toSigningKey(privateKey), ...this.held].slice(0, KEYS);
    await writeKeys(this.file, held);
    this.held = held;
  }
}

async function readKeys(file: string): Promise<SigningKey[]> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return [];
  await chmod(file, 0o600); // it may have come from elsewhere
  try {
    const { keys } = StoredKeys.parse(JSON.parse(text));
    return await Promise.all(keys.map(({ pem }) => toSigningKey(createPrivateKey(pem))));
  } catch (cause) {
    throw new Error(`${file} does not hold the issuer's keys; delete it to have new ones made`, { cause });
  }
}

async function writeKeys(file: string, keys: readonly SigningKey[]): Promise<void> {
  const stored = keys.map(({ kid, privateKey }) => ({ kid, pem: privateKey.export({ type: "pkcs8", format: "pem" }).toString() }));
  const handle = await open(`${file}.new`, "w", 0o600);
  try {
    await handle.writeFile(JSON.stringify({ keys: stored }));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}

async function toSigningKey(privateKey: KeyObject): Promise<SigningKey> {
  const publicKey = createPublicKey(privateKey);
  const jwk = publicKey.export({ format: "jwk" });
  const kid = await calculateJwkThumbprint(jwk);
  return { kid, privateKey, publicKey, publicJwk: { ...jwk, kid, use: "sig", alg: "RS256" } };
}
