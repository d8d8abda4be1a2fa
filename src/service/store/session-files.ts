/**
 * Reading and writing whole session files, for the recorder.
 *   read -> SessionFile -> stage (beside the file) -> synced and put in place by the batch -> SessionDigest
 * May import: node, src/common.
 */
import { join } from 'node:path';
import { CourierError } from '../../common/errors.ts';
import type { SessionFile } from '../../common/session.ts';
import { stageReplacing, writeReplacing, type WriteTools } from './durable-write.ts';
import { errnoOf, type FileFacts, readWhole } from './file-system.ts';
import { isSessionId } from './folders.ts';
import { digestOf, digestOfChange, type SessionDigest } from './session-digest.ts';
import { parseSession, serialiseSession, sessionBytesMax, sessionExtension } from './session-file.ts';
import { errorReading } from './store-error.ts';
import type { WriteScope } from './write-batch.ts';

/** Of a file that is not in place yet, or that another program removed at once: the next scan knows better. */
const unknownFacts: FileFacts = { kind: 'file', ino: 0, size: 0, ctimeMs: 0, mtimeMs: 0 };

export function sessionFiles(tools: WriteTools, folder: string) {
  const { fileSystem } = tools;
  const pathOf = (id: string) => join(folder, id + sessionExtension);
  const targetOf = (id: string) => ({ folder, name: id, extension: sessionExtension });
  /** The states of the files that sessions were read from: written again, they have the same messages. */
  const origins = new WeakMap<SessionFile, FileFacts>();
  const read = (id: string): SessionFile | null => {
    // What is no id is no file name either: it could lead out of the folder.
    if (!isSessionId(id)) return null;
    const result = readWhole(fileSystem, pathOf(id), sessionBytesMax);
    if (result.type === 'missing') return null;
    if (result.type === 'read') {
      const parsed = parseSession(result.bytes, id);
      if (parsed.type === 'session') {
        origins.set(parsed.session, result.facts);
        return parsed.session;
      }
    }
    throw new CourierError('ERR_SESSION_UNREADABLE', `session ${id} is no session file any more; the next cycle sets it aside`);
  };
  const saved = (session: SessionFile, now: number, scope: WriteScope): Uint8Array => {
    session._version = 1;
    session._saved_at = now;
    // Even a write that fails half-way may have changed the folder.
    scope.folders.add(folder);
    return serialiseSession(session);
  };
  const digestBefore = (session: SessionFile): SessionDigest => {
    const origin = origins.get(session);
    return origin === undefined ? digestOf(session, unknownFacts) : digestOfChange(session, unknownFacts, origin);
  };
  const placed = (digest: SessionDigest): SessionDigest => {
    const { size: bytes, ino, ctimeMs, mtimeMs } = fileSystem.lstat(pathOf(digest.id)) ?? unknownFacts;
    return { ...digest, bytes, ino, ctimeMs, mtimeMs };
  };
  return {
    exists: (id: string) => fileSystem.lstat(pathOf(id)) !== null,
    /** @returns null when it was deleted. */
    read: (id: string) => {
      try {
        return read(id);
      } catch (error) {
        if (errnoOf(error) === undefined) throw error;
        throw errorReading(`session ${id}`, error);
      }
    },
    /** A session that cannot be read counts as one that does not stand where it should: it is left alone. */
    readAnyway: (id: string) => {
      try {
        return read(id);
      } catch (error) {
        if (error instanceof CourierError) return null;
        throw error;
      }
    },
    /**
     * Writes a session beside its file. Of the session itself only its digest is kept: a wave may hold many.
     * @param isOrdered it is put in place at its turn and not before.
     * @returns what is known of it in place, to be called at its turn; durable when the scope's folders are synced.
     */
    stage: (
      session: SessionFile,
      now: number,
      { scope, isOrdered }: { scope: WriteScope; isOrdered: boolean },
    ): (() => SessionDigest) => {
      const staged = stageReplacing(tools, targetOf(session.id), saved(session, now, scope));
      scope.staged.push(staged);
      if (isOrdered) scope.ordered.add(staged);
      const digest = digestBefore(session);
      return () => {
        if (isOrdered) staged.publish();
        return placed(digest);
      };
    },
    /** Replaces the file at once, with a sync of its own; durable when the scope's folders are synced. */
    write: (session: SessionFile, now: number, scope: WriteScope): SessionDigest => {
      writeReplacing(tools, targetOf(session.id), saved(session, now, scope));
      return placed(digestBefore(session));
    },
  };
}
