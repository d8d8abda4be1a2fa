/**
 * The writing half of the store: every change of a file goes through here, in order, in a thread of its own. Those that
 * arrive together wait for the disk together; what each decides is as if they were done one after the other.
 *   session-store.ts -> link -> Recorder -> WriteBatch -> session-files.ts -> durable-write.ts -> files
 * May import: node, src/common.
 */
import { join } from 'node:path';
import type { AttemptRecord, RecordResult } from '../../common/delivery.ts';
import { CourierError } from '../../common/errors.ts';
import type { SessionFile } from '../../common/session.ts';
import { isTmpName, type WriteTools } from './durable-write.ts';
import { FailedLedger } from './failed-ledger.ts';
import { errnoOf, type FileFacts, nodeFileSystem } from './file-system.ts';
import { foldersOf } from './folders.ts';
import { setAside } from './quarantine.ts';
import { changeSession, enterAttempt, setBack, type StatusChange } from './session-change.ts';
import type { LedgerEntry, SessionDigest } from './session-digest.ts';
import { objectionTo } from './session-file.ts';
import { sessionFiles } from './session-files.ts';
import { type StoreReport, writeFailed } from './store-error.ts';
import { moveToTrash, purgeTrash, restoreFromTrash, type TrashCalls } from './trash.ts';
import { type StagedWork, WriteBatch, type WriteScope } from './write-batch.ts';

/** What was written, for the index; `reports` for the log. */
export interface Written {
  digests: SessionDigest[];
  reports: StoreReport[];
}

export interface RecorderCalls extends TrashCalls {
  record(params: { record: AttemptRecord; now: number }): Promise<Written & { result: RecordResult }>;
  watchLedger(params: object): Promise<void>;
  replaceLedger(params: { entries: LedgerEntry[]; lastAcceptedAt: number; attemptsMax: number }): Promise<void>;
  changeStatus(params: ChangeParams): Promise<Written & { changed: boolean }>;
  add(params: { session: SessionFile; now: number }): Promise<Written & { added: boolean }>;
  /** @returns the name it has in quarantine; null when it changed or went meanwhile. */
  quarantine(params: { name: string; reason: string; facts: FileFacts }): Promise<{ file: string | null }>;
  sweep(params: object): Promise<{ swept: number }>;
  /** Resolves when all that was asked for before is done. */
  finish(params: object): Promise<void>;
}

export interface ChangeParams {
  id: string;
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
const nothing: Written = { digests: [], reports: [] };

export function createRecorder({ dataDir, schedule, ...given }: RecorderOptions): RecorderCalls {
  const tools: WriteTools = { ...given, fileSystem: given.fileSystem ?? nodeFileSystem };
  const { fileSystem } = tools;
  const folders = foldersOf(dataDir);
  const ledger = new FailedLedger();
  const batch = new WriteBatch(fileSystem, schedule);
  const files = sessionFiles(tools, folders.sessions);

  /** The latest wave in which a session became failed: what its acceptances find in the ledger is not known before their turn. */
  let waveWithFailed: object | null = null;
  const noteFailed = ({ submissionStatus }: SessionFile, { wave }: WriteScope) => {
    if (submissionStatus === 'failed') waveWithFailed = wave;
  };

  /** Sets back those that the acceptance gives a second chance; all or the whole record fails. */
  const setBackDue = (acceptedId: string, now: number, scope: WriteScope): Written => {
    const written: Written = { digests: [], reports: [] };
    for (const { id } of ledger.due()) {
      if (id === acceptedId) continue;
      const session = readOrReport(id, written.reports);
      // Were it forgotten now, it would be missing when this record is repeated.
      if (session === 'unreadable') continue;
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
  const readOrReport = (id: string, reports: StoreReport[]): SessionFile | null | 'unreadable' => {
    try {
      return files.read(id);
    } catch (error) {
      const { message } = error as Error;
      reports.push({ level: 'error', message: `a failed session gets no second chance: ${message}`, sessionId: id });
      return 'unreadable';
    }
  };
  const record = (
    { record: attempt, now }: { record: AttemptRecord; now: number },
    scope: WriteScope,
  ): (() => Written & { result: RecordResult }) => {
    const session = files.read(attempt.id);
    if (session === null) return () => ({ result: { type: 'deleted' }, ...nothing });
    enterAttempt(session, attempt, now);
    const isAcceptance = attempt.submissionStatus === 'submitted';
    // Whom it gives a second chance is known at its turn, and in place before the acceptance is.
    const mayBeDue = isAcceptance && (!ledger.isEmpty() || scope.wave === waveWithFailed);
    const put = files.stage(session, now, { scope, isOrdered: mayBeDue });
    noteFailed(session, scope);
    const { id, submissionStatus, submissionAttempts, submittedAt } = session;
    return () => {
      const before = mayBeDue ? setBackDue(id, now, scope) : nothing;
      const digest = put();
      if (isAcceptance) scope.undo.push(ledger.accept(submittedAt ?? now));
      scope.undo.push(ledger.enter(digest));
      const recorded = {
        id,
        submissionStatus,
        submissionAttempts,
        setBack: before.digests.length,
        ...(submittedAt === undefined ? {} : { submittedAt }),
      };
      return { result: { type: 'recorded', recorded }, digests: [...before.digests, digest], reports: before.reports };
    };
  };
  const changeStatus = ({ id, now, ...change }: ChangeParams, scope: WriteScope) => {
    // What needs no change may have got it by a write whose folder sync failed.
    scope.folders.add(folders.sessions);
    const session = files.readAnyway(id);
    if (session === null || !changeSession(session, change, now)) return () => ({ changed: false, ...nothing });
    const put = files.stage(session, now, { scope, isOrdered: false });
    noteFailed(session, scope);
    return () => {
      const digest = put();
      scope.undo.push(ledger.enter(digest));
      return { changed: true, digests: [digest], reports: [] };
    };
  };
  const add = ({ session, now }: { session: SessionFile; now: number }, scope: WriteScope) => {
    const objection = objectionTo(session);
    if (objection !== null) throw new CourierError('ERR_ARGUMENT_INVALID', `This is no session: ${objection}`);
    // One that is there may be there since a write whose folder sync failed: told of now, it must be durable.
    scope.folders.add(folders.sessions);
    if (files.exists(session.id)) return () => ({ added: false, ...nothing });
    const put = files.stage(session, now, { scope, isOrdered: false });
    return () => ({ added: true, digests: [put()], reports: [] });
  };
  /** Shares its syncs with others; an error of the system gets the words of a write that failed. */
  const shared = <Result>(what: string, { prepare, ...touched }: StagedWork<Result>) =>
    batch.enqueueStaged(
      {
        ...touched,
        prepare: (scope) => {
          const turn = wordingFailures(what, () => prepare(scope));
          return () => wordingFailures(what, turn);
        },
      },
      (cause) => writeFailed(what, cause),
    );
  return {
    record: (params) =>
      shared(`the result of session ${params.record.id}`, {
        id: params.record.id,
        ...(params.record.submissionStatus === 'submitted' ? { others: () => ledger.ids() } : {}),
        prepare: (scope) => record(params, scope),
      }),
    watchLedger: () => batch.enqueue(() => ledger.watch()),
    // What is taken back later must not bring back an older ledger.
    replaceLedger: ({ entries, ...at }) => batch.enqueueAlone(() => ledger.replace(entries, at)),
    changeStatus: (params) => shared('a change of status', { id: params.id, prepare: (scope) => changeStatus(params, scope) }),
    add: (params) => shared(`session ${params.session.id}`, { id: params.session.id, prepare: (scope) => add(params, scope) }),
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
    // At its turn, when no write of ours is half done.
    sweep: () => batch.enqueue(() => ({ swept: sweepTmpFiles(tools, [folders.sessions, folders.quarantine]) })),
    finish: () => batch.enqueue(() => undefined),
  };
}

/** Gives an error of the system the words of a write that failed. */
function wordingFailures<Result>(what: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw writeFailed(what, error);
  }
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
