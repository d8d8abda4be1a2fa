/**
 * What tests run as it is built: made once for all test files and kept, and made again only when its sources changed.
 *   digest of sources and folder as last time: nothing to do; else built beside and put in its place
 * May import: node.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export const projectRoot = resolve(import.meta.dirname, '../..');
/** Inside the project: what is built imports packages from there. */
export const buildCache = join(projectRoot, 'node_modules/.cache/hl7-courier-tests');

interface Recipe {
  name: string;
  /** Files and folders, from the project's root. */
  sources: readonly string[];
  /** Where it is put. */
  folder: string;
  build: (folder: string) => Promise<unknown>;
}

/** @returns the folder; it is shared, so nobody removes it. */
export async function builtOnce({ name, sources, folder, build }: Recipe): Promise<string> {
  mkdirSync(buildCache, { recursive: true });
  const stamp = join(buildCache, `${name}.digest`);
  const from = sources.map((source) => join(projectRoot, source));
  const release = await alone(join(buildCache, `${name}.building`));
  try {
    const isFresh = existsSync(stamp) && readFileSync(stamp, 'utf8') === digestOf([...from, folder]);
    if (isFresh) return folder;
    const [made, old] = [`${folder}.${process.pid}.new`, `${folder}.${process.pid}.old`];
    await build(made);
    if (existsSync(folder)) renameSync(folder, old);
    renameSync(made, folder);
    rmSync(old, { recursive: true, force: true });
    writeFileSync(stamp, digestOf([...from, folder]));
    return folder;
  } finally {
    release();
  }
}

/**
 * Test files run in processes of their own: the first one builds, the others wait. A builder that died is not waited for.
 * @returns lets the next one in.
 */
export async function alone(lock: string): Promise<() => void> {
  const own = `${lock}.${randomUUID()}`;
  writeFileSync(own, String(process.pid));
  try {
    while (!isTaken(own, lock)) {
      if (builderOf(lock) === 'dead') rmSync(lock, { force: true });
      else await wait(100);
    }
  } finally {
    rmSync(own);
  }
  return () => rmSync(lock, { force: true });
}
/** A link is there with its content at once, so nobody reads a lock that is not written yet. */
function isTaken(own: string, lock: string): boolean {
  try {
    linkSync(own, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
/** `gone`: the lock was let go meanwhile; what is there now is another's. */
function builderOf(lock: string): 'alive' | 'dead' | 'gone' {
  let pid: number;
  try {
    pid = Number(readFileSync(lock, 'utf8'));
  } catch {
    return 'gone';
  }
  try {
    process.kill(pid, 0);
    return 'alive';
  } catch {
    return 'dead';
  }
}

function digestOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    const kind = existsSync(path) ? lstatSync(path) : null;
    hash.update(`${relative(projectRoot, path)}\0`);
    if (kind?.isDirectory() === true) for (const name of readdirSync(path).toSorted()) add(join(path, name));
    else if (kind?.isFile() === true) hash.update(readFileSync(path));
  };
  for (const path of paths) add(path);
  return hash.digest('hex');
}
