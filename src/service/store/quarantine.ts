/**
 * Sets a file aside that cannot be read as a session: moved, never deleted, with the reason written first (design
 * section 4; layout in docs/file-formats.md).
 *   <name>.reason.txt durable in quarantine/ -> rename of the file -> both folders synced
 * May import: node.
 */
import { join } from 'node:path';
import { writeReplacing, renameFile, type WriteTools } from './durable-write.ts';
import { type FileFacts, isSameState } from './file-system.ts';
import { type Folders, reasonSuffix } from './folders.ts';
import { writeFailed } from './store-error.ts';
import type { WriteScope } from './write-batch.ts';

/** Leaves room for a number and the suffix within the 255 bytes that file systems allow. */
const nameBytesMax = 200;

/**
 * @param facts the state of the file that was found to be no session.
 * @returns its name in quarantine; null when it changed or went meanwhile.
 * @throws CourierError ERR_STORE_WRITE_FAILED; the file is where it was then.
 */
export function setAside(
  tools: WriteTools,
  { sessions, quarantine }: Folders,
  { name, reason, facts }: { name: string; reason: string; facts: FileFacts },
  scope: WriteScope,
): string | null {
  const { fileSystem } = tools;
  try {
    const now = fileSystem.lstat(join(sessions, name));
    if (now === null || !isSameState(now, facts)) return null;
    const file = freeName(tools, quarantine, name);
    const text = new TextEncoder().encode(`${reason}\nThe file was sessions/${name}.\n`);
    writeReplacing(tools, { folder: quarantine, name: file, extension: reasonSuffix }, text);
    try {
      // The reason has to be there before the file is, also after a power cut.
      fileSystem.fsyncFolder(quarantine);
      renameFile(tools, join(sessions, name), join(quarantine, file));
    } catch (error) {
      fileSystem.unlink(join(quarantine, file + reasonSuffix));
      throw error;
    }
    // Found here before it is gone there: the wave syncs the folder it left after this.
    scope.folders.add(sessions);
    scope.syncFirst(quarantine);
    return file;
  } catch (error) {
    throw writeFailed(`the damaged file ${JSON.stringify(name)}`, error);
  }
}

/** The file's own name, shortened if need be, with a number when an earlier file has it. */
function freeName({ fileSystem }: WriteTools, folder: string, name: string): string {
  let stem = name.slice(0, -'.json'.length);
  while (Buffer.byteLength(stem) > nameBytesMax) stem = [...stem].slice(0, -1).join('');
  const isTaken = (file: string) =>
    fileSystem.lstat(join(folder, file)) !== null || fileSystem.lstat(join(folder, file + reasonSuffix)) !== null;
  for (let number = 0; ; number += 1) {
    const file = number === 0 ? `${stem}.json` : `${stem}.${number}.json`;
    if (!isTaken(file)) return file;
  }
}
