/**
 * Writes a small text file whole or not at all, and durably, with the store's own means (design section 4).
 * May import: node, src/service/store.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isTmpName, writeReplacing } from '../store/durable-write.ts';
import { nodeFileSystem } from '../store/file-system.ts';

/** Puts `text` at `<folder>/<name><extension>` with mode 0600. @throws the system's error; the old file is as it was then. */
export function writeText(folder: string, name: string, extension: string, text: string): void {
  writeReplacing({ fileSystem: nodeFileSystem }, { folder, name, extension }, Buffer.from(text, 'utf8'));
  nodeFileSystem.fsyncFolder(folder);
}

/** Removes what writes left that a crash cut short: they may hold a secret. A folder that is not there holds nothing. */
export function sweepLeftovers(folder: string, names: readonly string[]): void {
  for (const entry of existsSync(folder) ? readdirSync(folder) : []) {
    if (isTmpName(entry) && names.some((name) => entry.startsWith(`.${name}.`))) rmSync(join(folder, entry), { force: true });
  }
}
