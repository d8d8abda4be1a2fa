/**
 * Keeps the Authorization value of the headless host: `<data-dir>/authorization`, mode 0600, the value and nothing else.
 * The desktop keeps it with Electron's safeStorage instead, behind the same functions.
 *   private -> (a hand opens it to others) -> made private again, and told;  what cannot be made private is told
 * `authorization.origin` beside it says for which endpoint it was entered, because settings.json may be edited while
 * nothing runs: an old value must never go to a new address (design section 5).
 * May import: node, src/common, src/service/store (durable writes).
 */
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoWords, nodeFileSystem } from '../store/file-system.ts';
import { writeText } from './durable-text.ts';
import { storedOrigin } from './stored-origin.ts';

export interface SecretStore {
  /** The value; empty when there is none. @throws when it cannot be read. */
  read(): string;
  /**
   * Keeps the value durably; an empty one is removed.
   * @param origin where it may be sent; where settings.json points to when missing.
   * @throws when it cannot be written: the old one is kept then.
   */
  write(value: string, origin?: string): void;
  /**
   * Looks how the value is kept, and betters it where that is possible.
   * @param origin where sessions are sent now, empty for nowhere: settings.json may hold an edit that is not in use.
   * @returns what the operator has to know; null when it is kept well, or there is none.
   */
  review?(origin: string): SecretComplaint | null;
}

export interface SecretComplaint {
  code: 'secret.foreign' | 'secret.notKept' | 'secret.weaklyKept';
  message: string;
}

export interface SecretFileOptions {
  platform?: NodeJS.Platform;
  /** Takes the access of others away. @throws the system's error. */
  makePrivate?: (path: string) => void;
}

const fileName = 'authorization';
const foreign: SecretComplaint = {
  code: 'secret.foreign',
  message:
    'The Authorization value was entered for another endpoint and is not sent to this one. Enter the value for this endpoint, or take the endpoint back.',
};
const wasOpenMessage =
  'The file with the Authorization value (authorization) could be read by other users of this computer; it is private again. If others may have read it, have the value changed where it comes from, and enter the new one.';

export function openSecretFile(dataDir: string, options: SecretFileOptions = {}): SecretStore {
  const { platform = process.platform, makePrivate = (path) => chmodSync(path, 0o600) } = options;
  const path = join(dataDir, fileName);
  /** It was open to others while this process knew its value. */
  let wasOpen = false;
  // Windows has no such modes: a file has the rights of its folder there.
  const isOpen = () => platform !== 'win32' && ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0;

  const valueNow = () => {
    // Written by hand, the file often ends in a line break, which is no part of the value.
    return readFileSync(path, 'utf8').replace(/[\r\n]+$/, '');
  };

  return {
    read() {
      try {
        // A file made by hand has the mode of the day. What cannot be made private is told by the review.
        if (isOpen()) tried(() => makePrivate(path));
        const value = valueNow();
        return isForeign(dataDir, value, storedOrigin(dataDir)) ? '' : value;
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
        throw error;
      }
    },
    write(value) {
      if (value === '') {
        rmSync(path, { force: true });
        rmSync(join(dataDir, noteName), { force: true });
        nodeFileSystem.fsyncFolder(dataDir);
      } else writeText(dataDir, fileName, '', value);
      wasOpen = false;
    },
    review(origin) {
      let value = '';
      // What is not there, or cannot be read, is told by whoever reads it.
      if (tried(() => (value = valueNow())) !== null || value === '') return null;
      if (isOpen()) {
        const error = tried(() => makePrivate(path));
        // Some file systems have no modes, and say nothing.
        if (isOpen()) return { code: 'secret.weaklyKept', message: stillOpenMessage(error) };
        wasOpen = true;
      }
      if (isForeign(dataDir, value, origin)) return foreign;
      // A disk that takes no note now takes it at the next look.
      tried(() => noteOrigin(dataDir, value, origin));
      return wasOpen ? { code: 'secret.weaklyKept', message: wasOpenMessage } : null;
    },
  };
}

const noteName = 'authorization.origin';

/** Which value was entered for which origin; the value as a digest, to tell one that a hand put there since. */
interface OriginNote {
  origin: string;
  digest: string;
}
const digestOf = (value: string): string => createHash('sha256').update(value).digest('hex');

function readNote(dataDir: string): Partial<OriginNote> {
  try {
    return JSON.parse(readFileSync(join(dataDir, noteName), 'utf8')) as Partial<OriginNote>;
  } catch {
    return {};
  }
}

/** Whether the value was entered for another origin than `now`; null when nobody knows where sessions go. */
function isForeign(dataDir: string, value: string, now: string | null): boolean {
  const { origin = '', digest } = readNote(dataDir);
  return origin !== '' && digest === digestOf(value) && now !== null && now !== origin;
}

/** @throws the system's error. */
function noteOrigin(dataDir: string, value: string, origin: string): void {
  const note: OriginNote = { origin, digest: digestOf(value) };
  const kept = readNote(dataDir);
  if (note.origin === '' || (kept.origin === note.origin && kept.digest === note.digest)) return;
  writeText(dataDir, 'authorization', '.origin', `${JSON.stringify(note)}\n`);
}

/** What went wrong; null when nothing did. */
function tried(work: () => void): unknown {
  try {
    work();
    return null;
  } catch (error) {
    return error;
  }
}

function stillOpenMessage(error: unknown): string {
  const reason = error === null ? 'the file system keeps no such rights' : errnoWords(error);
  return `The file with the Authorization value (authorization) can be read by other users of this computer and cannot be made private (${reason}). Take their access away (chmod 600), keep the data directory on another disk, or use HL7_COURIER_AUTH_HEADER.`;
}
