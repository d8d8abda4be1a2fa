/**
 * The trash: sessions moved out of delivery, kept until they are purged (design section 10; layout in
 * docs/file-formats.md). When a session was moved there is part of its name, so it survives a copy of the folder.
 *   sessions/<id>.json <-> trash/<id>.<unix ms>.json -> gone
 * May import: node.
 */
import { join } from 'node:path';
import { renameFile, type WriteTools } from './durable-write.ts';
import { errnoOf, isSameState, readWhole } from './file-system.ts';
import { type Folders, isSessionId, partsOfTrashName, type TrashEntry, trashName } from './folders.ts';
import { digestOf, type KnownFile, type SessionDigest } from './session-digest.ts';
import { parseSession, sessionBytesMax } from './session-file.ts';
import { writeFailed } from './store-error.ts';
import type { WriteScope } from './write-batch.ts';

export interface TrashCalls {
  moveToTrash(params: { files: readonly KnownFile[]; now: number }): Promise<{ moved: string[]; bytes: number }>;
  restoreFromTrash(params: { ids: readonly string[] }): Promise<{ restored: string[]; digests: SessionDigest[] }>;
  purgeTrash(params: { entries: readonly TrashEntry[] }): Promise<{ purged: number; bytes: number }>;
}

const betweenFolders = 'a move between the sessions folder and the trash';

/** Moves those that are still as the index knows them; one that changed meanwhile is left alone. */
export function moveToTrash(
  tools: WriteTools,
  { sessions, trash }: Folders,
  { files, now }: { files: readonly KnownFile[]; now: number },
  scope: WriteScope,
): { moved: string[]; bytes: number } {
  scope.folders.add(sessions);
  return arriving(scope, trash, () => {
    const moved: string[] = [];
    let bytes = 0;
    for (const file of files) {
      const path = join(sessions, `${file.id}.json`);
      const facts = tools.fileSystem.lstat(path);
      if (facts === null || !isSameState(facts, file)) continue;
      renamed(tools, path, freePlace(tools, trash, file.id, now));
      moved.push(file.id);
      bytes += facts.size;
    }
    return { moved, bytes };
  });
}

/** Moves the latest of each id back, unless there is a session of that id again. */
export function restoreFromTrash(
  tools: WriteTools,
  { sessions, trash }: Folders,
  { ids }: { ids: readonly string[] },
  scope: WriteScope,
): { restored: string[]; digests: SessionDigest[] } {
  const { fileSystem } = tools;
  scope.folders.add(trash);
  const latest = new Map<string, number>();
  for (const name of fileSystem.list(trash)) {
    const parts = partsOfTrashName(name);
    if (parts !== null) latest.set(parts.id, Math.max(parts.trashedAt, latest.get(parts.id) ?? 0));
  }
  return arriving(scope, sessions, () => {
    const restored: string[] = [];
    const digests: SessionDigest[] = [];
    for (const id of ids) {
      const trashedAt = latest.get(id);
      const path = join(sessions, `${id}.json`);
      if (trashedAt === undefined || !isSessionId(id) || fileSystem.lstat(path) !== null) continue;
      renamed(tools, join(trash, trashName({ id, trashedAt })), path);
      restored.push(id);
      const result = readWhole(fileSystem, path, sessionBytesMax);
      const parsed = result.type === 'read' ? parseSession(result.bytes, id) : null;
      // One that cannot be read is found and set aside by the next scan.
      if (result.type === 'read' && parsed?.type === 'session') digests.push(digestOf(parsed.session, result.facts));
    }
    return { restored, digests };
  });
}

/**
 * Syncs the folder that files were moved to, also when not all could be moved, before the wave syncs the one they left: a
 * power cut in between leaves a file in both folders rather than in none.
 */
function arriving<Result>(scope: WriteScope, folder: string, move: () => Result): Result {
  try {
    return move();
  } finally {
    syncedFirst(scope, folder);
  }
}

function syncedFirst(scope: WriteScope, folder: string): void {
  try {
    scope.syncFirst(folder);
  } catch (error) {
    throw writeFailed(betweenFolders, error);
  }
}

/** Deletes for good what the list names. */
export function purgeTrash(
  { fileSystem }: WriteTools,
  { trash }: Folders,
  { entries }: { entries: readonly TrashEntry[] },
  scope: WriteScope,
): { purged: number; bytes: number } {
  scope.folders.add(trash);
  let [purged, bytes] = [0, 0];
  for (const entry of entries) {
    try {
      fileSystem.unlink(join(trash, trashName(entry)));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') continue;
      throw writeFailed('the emptying of the trash', error);
    }
    purged += 1;
    bytes += entry.bytes;
  }
  return { purged, bytes };
}

function freePlace({ fileSystem }: WriteTools, trash: string, id: string, now: number): string {
  for (let trashedAt = Math.trunc(now); ; trashedAt += 1) {
    const path = join(trash, trashName({ id, trashedAt }));
    if (fileSystem.lstat(path) === null) return path;
  }
}

function renamed(tools: WriteTools, from: string, to: string): void {
  try {
    renameFile(tools, from, to);
  } catch (error) {
    throw writeFailed(betweenFolders, error);
  }
}
