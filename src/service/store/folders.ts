/**
 * Where things lie in a data directory (docs/file-formats.md), and the names of the files in it.
 * May import: node, src/common.
 */
import { join } from 'node:path';
import { sessionId } from '../../common/session.ts';
import { sessionExtension } from './session-file.ts';

export interface Folders {
  sessions: string;
  quarantine: string;
  trash: string;
}

export function foldersOf(dataDir: string): Folders {
  return { sessions: join(dataDir, 'sessions'), quarantine: join(dataDir, 'quarantine'), trash: join(dataDir, 'trash') };
}

/** Whether a file in `sessions/` is meant for us: neither a tmp file nor somebody's notes. */
export const isSessionName = (name: string) => name.endsWith(sessionExtension) && !name.startsWith('.');
export const idOfName = (name: string) => name.slice(0, -sessionExtension.length);
export const isSessionId = (id: string) => sessionId.safeParse(id).success;

export const reasonSuffix = '.reason.txt';

/** A session in the trash; its file is `<id>.<when it was moved there, unix ms>.json`. */
export interface TrashEntry {
  id: string;
  trashedAt: number;
  bytes: number;
}

export const trashName = ({ id, trashedAt }: Pick<TrashEntry, 'id' | 'trashedAt'>) => `${id}.${trashedAt}${sessionExtension}`;

/** @returns null for a file that we did not put there. */
export function partsOfTrashName(name: string): Pick<TrashEntry, 'id' | 'trashedAt'> | null {
  const [, id = '', trashedAt = ''] = /^([^.]+)\.(\d{1,16})\.json$/.exec(name) ?? [];
  return isSessionId(id) ? { id, trashedAt: Number(trashedAt) } : null;
}
