/**
 * What the desk keeps over a restart: `<data-dir>/desk/causes.json`, `{version, lastInterruptionEndedAt?, causes}`, 0600.
 * May import: node, zod, src/common, src/service.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { errnoWords } from '../store/file-system.ts';
import { keptCause } from './causes.ts';
import type { DeskLog } from './desk-needs.ts';
import { readKept, writeKept } from './kept-file.ts';

const deskFile = z.object({
  version: z.literal(1),
  lastInterruptionEndedAt: z.number().optional(),
  causes: z.array(keptCause),
});
export type DeskFile = z.infer<typeof deskFile>;
const emptyDeskFile: DeskFile = { version: 1, causes: [] };

const deskFilePath = (dataDir: string) => join(dataDir, 'desk', 'causes.json');

/** Notes and mutes are worth keeping, but no reason not to start: what cannot be read is reported and set aside. */
export async function readDeskFile(dataDir: string, now: number, log: DeskLog): Promise<DeskFile> {
  try {
    const { value, setAside } = await readKept(deskFilePath(dataDir), deskFile, now);
    if (setAside !== undefined)
      log.warn(
        { file: setAside },
        'The list of causes (desk/causes.json) was damaged and is set aside; notes and mutes begin anew.',
      );
    return value ?? emptyDeskFile;
  } catch (error) {
    log.warn(
      { reason: errnoWords(error) },
      'The list of causes (desk/causes.json) could not be read; notes and mutes begin anew.',
    );
    return emptyDeskFile;
  }
}

/** @returns whether it is on disk; if not, the log says so. */
export async function writeDeskFile(dataDir: string, file: DeskFile, log: DeskLog): Promise<boolean> {
  try {
    await writeKept(deskFilePath(dataDir), file);
    return true;
  } catch (error) {
    log.warn(
      { reason: errnoWords(error) },
      'The list of causes (desk/causes.json) could not be written; it is tried again with the next change.',
    );
    return false;
  }
}
