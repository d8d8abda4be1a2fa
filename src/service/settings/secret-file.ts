/**
 * Keeps the Authorization value of the headless host: `<data-dir>/authorization`, mode 0600, the value and nothing else.
 * The desktop keeps it with Electron's safeStorage instead, behind the same functions.
 *   private -> (a hand opens it to others) -> made private again, and told;  what cannot be made private is told
 * May import: node, src/common, src/service/store (durable writes).
 */
import { chmodSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoWords, nodeFileSystem } from '../store/file-system.ts';
import { writeText } from './durable-text.ts';

export interface SecretStore {
  /** The value; empty when there is none. @throws when it cannot be read. */
  read(): string;
  /** Keeps the value durably; an empty one is removed. @throws when it cannot be written: the old one is kept then. */
  write(value: string): void;
  /**
   * Looks how the value is kept, and betters it where that is possible.
   * @returns what the operator has to know; null when it is kept well, or there is none.
   */
  review?(): SecretComplaint | null;
}

export interface SecretComplaint {
  code: 'secret.notKept' | 'secret.weaklyKept';
  message: string;
}

export interface SecretFileOptions {
  platform?: NodeJS.Platform;
  /** Takes the access of others away. @throws the system's error. */
  makePrivate?: (path: string) => void;
}

const fileName = 'authorization';
const wasOpenMessage =
  'The file with the Authorization value (authorization) could be read by other users of this computer; it is private again. If others may have read it, have the value changed where it comes from, and enter the new one.';

export function openSecretFile(dataDir: string, options: SecretFileOptions = {}): SecretStore {
  const { platform = process.platform, makePrivate = (path) => chmodSync(path, 0o600) } = options;
  const path = join(dataDir, fileName);
  /** It was open to others while this process knew its value. */
  let wasOpen = false;
  // Windows has no such modes: a file has the rights of its folder there.
  const isOpen = () => platform !== 'win32' && ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0;

  return {
    read() {
      try {
        // A file made by hand has the mode of the day. What cannot be made private is told by the review.
        if (isOpen()) tried(() => makePrivate(path));
        // Written by hand, the file often ends in a line break, which is no part of the value.
        return readFileSync(path, 'utf8').replace(/[\r\n]+$/, '');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
        throw error;
      }
    },
    write(value) {
      if (value === '') {
        rmSync(path, { force: true });
        nodeFileSystem.fsyncFolder(dataDir);
      } else writeText(dataDir, fileName, '', value);
      wasOpen = false;
    },
    review() {
      if (isOpen()) {
        const error = tried(() => makePrivate(path));
        // Some file systems have no modes, and say nothing.
        if (isOpen()) return { code: 'secret.weaklyKept', message: stillOpenMessage(error) };
        wasOpen = true;
      }
      return wasOpen ? { code: 'secret.weaklyKept', message: wasOpenMessage } : null;
    },
  };
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
