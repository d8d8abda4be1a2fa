/**
 * `<data-dir>/service.json`: where the running service is and the key to it, for the command line and for scripts.
 * Readable by its owner only, there while the service runs.
 *   { "pid": 4711, "url": "http://127.0.0.1:2580", "token": "...", "startedAt": 1790000000000 }
 * May import: node, zod, src/common.
 */
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CourierError } from '../../common/errors.ts';

const serviceFile = z.object({
  pid: z.number().int().positive(),
  /** Without a path: `http://127.0.0.1:2580`. */
  url: z.string().regex(/^http:\/\/[^/?#@\s]+$/),
  token: z.string().regex(/^[A-Za-z0-9_-]{43,}$/),
  /** Unix ms. */
  startedAt: z.number(),
});
export type ServiceFile = z.infer<typeof serviceFile>;

export const serviceFilePath = (dataDir: string): string => join(dataDir, 'service.json');

/**
 * Writes the file whole or not at all, and takes the place of one that a dead service left.
 * @returns removes it again, unless it has meanwhile become another service's.
 * @throws CourierError `ERR_DATA_FOLDER_UNUSABLE` when it cannot be written.
 */
export async function writeServiceFile(dataDir: string, content: ServiceFile): Promise<() => Promise<void>> {
  const temporary = join(dataDir, `.service.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(content, null, 2)}\n`);
    } finally {
      await file.close();
    }
    await rename(temporary, serviceFilePath(dataDir));
  } catch (error) {
    await rm(temporary, { force: true });
    throw new CourierError(
      'ERR_DATA_FOLDER_UNUSABLE',
      `service.json cannot be written in the data folder (${(error as NodeJS.ErrnoException).code}); check its permissions and the free space.`,
      { cause: error },
    );
  }
  return async () => {
    const found = await readServiceFile(dataDir);
    // The token is the data directory's, so it tells no service from the next.
    if (JSON.stringify(found) === JSON.stringify(content)) await rm(serviceFilePath(dataDir), { force: true });
  };
}

/** The file as it stands, or null when there is none that a service could have written. */
export async function readServiceFile(dataDir: string): Promise<ServiceFile | null> {
  try {
    const parsed = serviceFile.safeParse(JSON.parse(await readFile(serviceFilePath(dataDir), 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null; // Missing, not ours to read, or not JSON: there is no service that we could talk to.
  }
}

/**
 * The service of a data folder, if its process lives and it answers. A file that a killed service left behind, its
 * process id perhaps in use again, is no service.
 * @param timeoutMs how long it may take to answer.
 */
export async function runningService(dataDir: string, timeoutMs = 3000): Promise<ServiceFile | null> {
  const found = await readServiceFile(dataDir);
  return found !== null && isAlive(found.pid) && (await answers(found.url, timeoutMs)) ? found : null;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // It lives, as another user.
  }
}

/** Healthy or not, a courier answers `/healthz` with `{"ok": ...}`. */
async function answers(url: string, timeoutMs: number): Promise<boolean> {
  try {
    const response = await fetch(`${url}/healthz`, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
    return z.object({ ok: z.boolean() }).safeParse(await response.json()).success;
  } catch {
    return false;
  }
}
