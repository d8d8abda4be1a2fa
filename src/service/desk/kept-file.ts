/**
 * A small JSON file of the desk: read once, written whole and durably, mode 0600. One that cannot be read is set aside, not
 * overwritten. Asynchronous, so that a slow disk does not hold up the host.
 *   open(tmp, 'wx', 0600) -> write -> fsync -> close -> rename -> fsync of the folder
 * May import: node, zod.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { z } from 'zod';
import { errnoOf } from '../store/file-system.ts';

/**
 * @returns what is in the file, null when there is none, and under `setAside` the new name of a file that was damaged.
 * @throws the system's error when the file is there and cannot be read.
 */
export async function readKept<Value>(
  path: string,
  schema: z.ZodType<Value>,
  now: number,
): Promise<{ value: Value | null; setAside?: string }> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { value: null };
    throw error;
  }
  try {
    return { value: schema.parse(JSON.parse(text)) };
  } catch {
    const setAside = `${basename(path)}.damaged-${now}`;
    await rename(path, join(dirname(path), setAside));
    return { value: null, setAside };
  }
}

/** @throws the system's error; the old file is as it was then. */
export async function writeKept(path: string, value: unknown): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const tmp = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(tmp, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(value, null, 1)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(tmp, path);
  } catch (error) {
    await rm(tmp, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** Makes the names in a folder durable; Windows has no such call and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
