/**
 * The writing half of the store: every change of a file goes through here, one after the other, in a thread of its own.
 *   session-store.ts -> link -> Recorder -> WriteBatch -> durable-write.ts -> files
 * May import: node, src/common.
 */
import { join } from 'node:path';
import type { AttemptRecord, RecordResult } from '../../common/delivery.ts';
import { CourierError } from '../../common/errors.ts';
import type { SessionFile } from '../../common/session.ts';
import { isTmpName, writeReplacing, type WriteTools } from './durable-write.ts';
import { FailedLedger } from './failed-ledger.ts';
import { errnoOf, type FileFacts, nodeFileSystem, readWhole } from './file-system.ts';
import { foldersOf, isSessionId } from './folders.ts';
import { setAside } from './quarantine.ts';
import { changeSession, enterAttempt, setBack, type StatusChange } from './session-change.ts';
import { digestOf, type LedgerEntry, type SessionDigest } from './session-digest.ts';
import { objectionTo, parseSession, serialiseSession, sessionBytesMax } from './session-file.ts';
import { errorReading, type StoreReport, writeFailed } from './store-error.ts';
import { moveToTrash, purgeTrash, restoreFromTrash, type TrashCalls } from './trash.ts';
import { WriteBatch, type WriteScope } from './write-batch.ts';

/** What was written, for the index; `reports` for the log. */
export interface Written {
  digests: SessionDigest[];
  reports: StoreReport[];
}

export interface RecorderCalls extends TrashCalls {
  record(params: { record: AttemptRecord; now: number }): Promise<Written & { result: RecordResult }>;
  watchLedger(params: object): Promise<void>;
  replaceLedger(params: { entries: LedgerEntry[]; lastAcceptedAt: number; attemptsMax: number }): void;
  changeStatus(params: ChangeParams): Promise<Written & { changed: string[]; unchanged: number }>;
  add(params: { session: SessionFile; now: number }): Promise<Written & { added: boolean }>;
  /** @returns the name it has in quarantine; null when it changed or went meanwhile. */
  quarantine(params: { name: string; reason: string; facts: FileFacts }): Promise<{ file: string | null }>;
  sweep(params: object): { swept: number };
  /** Resolves when all that was asked for before is done. */
  finish(params: object): Promise<void>;
}

export interface ChangeParams {
  ids: readonly string[];
  change: StatusChange;
  /** `retried`: also those that were accepted. */
  again?: boolean;
  reason?: string;
  now: number;
}

export interface RecorderOptions extends Partial<WriteTools> {
  dataDir: string;
  schedule?: (flush: () => void) => void;
}

const setBackReason = 'the endpoint accepts sessions again';

export function createRecorder({ dataDir, schedule, ...given }: RecorderOptions): RecorderCalls {
  const tools: WriteTools = { ...given, fileSystem: given.fileSystem ?? nodeFileSystem };
  const { fileSystem } = tools;
  const folders = foldersOf(dataDir);
  const ledger = new FailedLedger();
  const batch = new WriteBatch(fileSystem, schedule);
  const files = sessionFiles(tools, folders.sessions);

  /** Sets back those that the acceptance gives a second chance; all or the whole record fails. */
  const setBackDue = (acceptedId: string, now: number, scope: WriteScope): Written => {
    const written: Written = { digests: [], reports: [] };
    for (const { id } of ledger.due()) {
      if (id === acceptedId) continue;
      const session = readOrReport(id, written.reports);
      const isWrittenBefore = session?.submissionStatus === 'pending' && ledger.isOwed(id);
      if (session === null || (session.submissionStatus !== 'failed' && !isWrittenBefore)) {
        ledger.forget(id);
        continue;
      }
      if (!isWrittenBefore) setBack(session, setBackReason, now);
      written.digests.push(files.write(session, now, scope));
      ledger.owe(id);
    }
    return written;
  };
  /** A failed session that cannot be read must not keep an acceptance from being recorded. */
  const readOrReport = (id: string, reports: StoreReport[]): SessionFile | null => {
    try {
      return files.read(id);
    } catch (error) {
      const { message } = error as Error;
      reports.push({ level: 'error', message: `a failed session gets no second chance: ${message}`, sessionId: id });
      return null;
    }
  };
  const record = ({ record: attempt, now }: { record: AttemptRecord; now: number }, scope: WriteScope) => {
    const session = files.read(attempt.id);
    if (session === null) return { result: { type: 'deleted' as const }, digests: [], reports: [] };
    const isAcceptance = attempt.submissionStatus === 'submitted';
    const before = isAcceptance ? setBackDue(attempt.id, now, scope) : { digests: [], reports: [] };
    enterAttempt(session, attempt, now);
    const digest = files.write(session, now, scope);
    if (isAcceptance) scope.undo.push(ledger.accept(session.submittedAt ?? now));
    scope.undo.push(ledger.enter(digest));
    const { id, submissionStatus, submissionAttempts, submittedAt } = session;
    const recorded = {
      id,
      submissionStatus,
      submissionAttempts,
      setBack: before.digests.length,
      ...(submittedAt === undefined ? {} : { submittedAt }),
    };
    return { result: { type: 'recorded' as const, recorded }, digests: [...before.digests, digest], reports: before.reports };
  };
  const changeStatus = ({ ids, now, ...change }: ChangeParams, scope: WriteScope) => {
    const digests: SessionDigest[] = [];
    const reports: StoreReport[] = [];
    for (const id of ids) {
      const session = files.readAnyway(id);
      if (session === null || !changeSession(session, change, now)) continue;
      const digest = files.write(session, now, scope);
      scope.undo.push(ledger.enter(digest));
      digests.push(digest);
    }
    return { changed: digests.map(({ id }) => id), unchanged: ids.length - digests.length, digests, reports };
  };
  const add = ({ session, now }: { session: SessionFile; now: number }, scope: WriteScope) => {
    const objection = objectionTo(session);
    if (objection !== null) throw new CourierError('ERR_ARGUMENT_INVALID', `This is no session: ${objection}`);
    if (files.exists(session.id)) return { added: false, digests: [], reports: [] };
    return { added: true, digests: [files.write(session, now, scope)], reports: [] };
  };
  return {
    record: (params) =>
      batch.enqueue(
        (scope) => wordingFailures(resultOf(params.record.id), () => record(params, scope)),
        (cause) => writeFailed(resultOf(params.record.id), cause),
      ),
    watchLedger: () => batch.enqueue(() => ledger.watch()),
    replaceLedger: ({ entries, ...at }) => ledger.replace(entries, at),
    changeStatus: (params) =>
      batch.enqueue(
        (scope) => wordingFailures('a change of status', () => changeStatus(params, scope)),
        (cause) => writeFailed('a change of status', cause),
      ),
    add: (params) =>
      batch.enqueue(
        (scope) => wordingFailures(`session ${params.session.id}`, () => add(params, scope)),
        (cause) => writeFailed(`session ${params.session.id}`, cause),
      ),
    quarantine: (params) =>
      batch.enqueue(
        (scope) => ({ file: setAside(tools, folders, params, scope) }),
        (cause) => writeFailed('a move to quarantine', cause),
      ),
    moveToTrash: (params) =>
      batch.enqueue(
        (scope) => moveToTrash(tools, folders, params, scope),
        (cause) => writeFailed('a move to the trash', cause),
      ),
    restoreFromTrash: (params) =>
      batch.enqueue(
        (scope) => restoreFromTrash(tools, folders, params, scope),
        (cause) => writeFailed('a move out of the trash', cause),
      ),
    purgeTrash: (params) =>
      batch.enqueue(
        (scope) => purgeTrash(tools, folders, params, scope),
        (cause) => writeFailed('the emptying of the trash', cause),
      ),
    sweep: () => ({ swept: sweepTmpFiles(tools, [folders.sessions, folders.quarantine]) }),
    finish: () => batch.enqueue(() => undefined),
  };
}

const resultOf = (id: string) => `the result of session ${id}`;

/** Gives an error of the system the words of a write that failed. */
function wordingFailures<Result>(what: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw writeFailed(what, error);
  }
}

/** Reading and writing whole session files. */
function sessionFiles(tools: WriteTools, folder: string) {
  const { fileSystem } = tools;
  const pathOf = (id: string) => join(folder, `${id}.json`);
  const read = (id: string): SessionFile | null => {
    // What is no id is no file name either: it could lead out of the folder.
    if (!isSessionId(id)) return null;
    const result = readWhole(fileSystem, pathOf(id), sessionBytesMax);
    if (result.type === 'missing') return null;
    const parsed = result.type === 'read' ? parseSession(result.bytes, id) : { type: 'damaged' as const };
    if (parsed.type === 'session') return parsed.session;
    throw new CourierError('ERR_SESSION_UNREADABLE', `session ${id} is no session file any more; the next cycle sets it aside`);
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
    /** Replaces the file; durable when the scope's folders are synced. */
    write: (session: SessionFile, now: number, scope: WriteScope): SessionDigest => {
      session._version = 1;
      session._saved_at = now;
      // Even a write that fails half-way may have changed the folder.
      scope.folders.add(folder);
      writeReplacing(tools, { folder, name: session.id, extension: '.json' }, serialiseSession(session));
      return digestOf(session, fileSystem.lstat(pathOf(session.id)) as FileFacts);
    },
  };
}

/** Removes what writes that did not end have left behind. @returns how many. */
function sweepTmpFiles({ fileSystem }: WriteTools, swept: readonly string[]): number {
  const paths = swept.flatMap((folder) =>
    fileSystem
      .list(folder)
      .filter(isTmpName)
      .map((name) => join(folder, name)),
  );
  for (const path of paths) fileSystem.unlink(path);
  return paths.length;
}
