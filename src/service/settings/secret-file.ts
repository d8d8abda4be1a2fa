/**
 * Keeps the Authorization value of the headless host: `<data-dir>/authorization`, mode 0600, the value and nothing else.
 * The desktop keeps it with Electron's safeStorage instead, behind the same two functions.
 * May import: node, src/common, src/service/store (durable writes).
 */
import { chmodSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '../store/file-system.ts';
import { writeText } from './durable-text.ts';

export interface SecretStore {
  /** The value; empty when there is none. @throws when it cannot be read. */
  read(): string;
  /** Keeps the value durably; an empty one is removed. @throws when it cannot be written: the old one is kept then. */
  write(value: string): void;
}

const fileName = 'authorization';

export function openSecretFile(dataDir: string): SecretStore {
  const path = join(dataDir, fileName);
  return {
    read() {
      try {
        keepPrivate(path);
        // Written by hand, the file often ends in a line break, which is no part of the value.
        return readFileSync(path, 'utf8').replace(/[\r\n]+$/, '');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
        throw error;
      }
    },
    write(value) {
      if (value !== '') return writeText(dataDir, fileName, '', value);
      rmSync(path, { force: true });
      nodeFileSystem.fsyncFolder(dataDir);
    },
  };
}

/** A file made by hand has the mode of the day; others on the computer must not read this one. */
function keepPrivate(path: string): void {
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
}
