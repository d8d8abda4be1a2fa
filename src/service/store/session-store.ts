/**
 * The session store: the only room that touches session files (design sections 3, 4, 6 and 10). This is its face to the
 * host; the file work is done by two threads.
 *   host -> SessionStore -> reader (index, scans, looks) and recorder (every write) -> sessions/, quarantine/, trash/
 * What the recorder wrote goes to the reader before anything that is asked later, so own writes are never read again.
 * May import: node, src/common.
 */
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import type { Device, Facets } from '../../common/console.ts';
import type { SessionFilter, SessionSummary } from '../../common/contract.ts';
import type { AttemptRecord, Discovery, QueueEntry, RecordResult } from '../../common/delivery.ts';
import { CourierError } from '../../common/errors.ts';
import type { SessionFile } from '../../common/session.ts';
import type { ActivityCounts, ActivityQuery } from './activity-counts.ts';
import { errnoWords, type FileFacts, nodeFileSystem, type StoreFileSystem } from './file-system.ts';
import { foldersOf, type TrashEntry } from './folders.ts';
import { inlineLink, type Link, threadLink } from './link.ts';
import type {
  PackedDiscovery,
  PostLook,
  QuarantinedFile,
  QueryScope,
  ReaderCalls,
  SessionsQuery,
  StoreCounts,
  WhichFiles,
} from './reader.ts';
import { type ChangeParams, createRecorder, type RecorderCalls } from './recorder.ts';
import type { StatusChange } from './session-change.ts';
import { type SessionDigest, summaryOf } from './session-digest.ts';
import type { DamagedFile, ScanResult } from './session-index.ts';
import type { Survey } from './session-survey.ts';
import type { StoreReport } from './store-error.ts';

export type { PostLook, QuarantinedFile, SessionsQuery, StatusChange, StoreCounts, StoreReport, TrashEntry };

/** Sessions whose summary is different, new or gone. */
export interface StoreChange {
  added: SessionSummary[];
  changed: SessionSummary[];
  removed: string[];
}

export interface SessionStoreOptions {
  dataDir: string;
  /** Current time, unix ms. */
  now?: () => number;
  /** Current `submissionMaxRetries`. */
  attemptsMax?: () => number;
  log?: (report: StoreReport) => void;
  onQuarantined?: (quarantined: { file: string; reason: string }) => void;
  onChanged?: (change: StoreChange) => void;
  /** Something was written and is durable, or the disk did not take it. */
  onWrite?: (isDurable: boolean) => void;
  /** Nothing is written, moved or swept: for a look beside a running service. */
  readOnly?: boolean;
  /** False beside a running service: leftovers are not swept, they may be writes of that service. */
  isOwner?: boolean;
  /** Stand-ins for the threads, and for the file system that makes the folders (simulation). */
  links?: { reader: Link<ReaderCalls>; recorder: Link<RecorderCalls> };
  fileSystem?: StoreFileSystem;
  /** Waits for a damaged file that was written a moment ago: its writer may not be done. */
  wait?: (ms: number) => Promise<unknown>;
}

/** A damaged file is set aside when it was not written for so long. */
const settledMs = 1000;
/** Files that one message is about: records have their turn in between. */
const filesPerCall = 50;
/** Queue entries unpacked before the event loop has its turn. */
const entriesPerTurn = 5000;
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/**
 * Opens the store of a data directory: makes its folders, sweeps leftovers of writes that did not end, starts the threads.
 * @throws CourierError ERR_DATA_FOLDER_UNUSABLE
 */
export async function openSessionStore(options: SessionStoreOptions): Promise<SessionStore> {
  const { dataDir, readOnly = false, isOwner = true, fileSystem = nodeFileSystem, log = () => {} } = options;
  if (!readOnly) makeFolders(dataDir, fileSystem);
  const links = options.links ?? threadLinks({ dataDir, readOnly, log });
  const store = new SessionStore(options, links);
  if (readOnly || !isOwner) return store;
  try {
    const { swept } = await links.recorder.call('sweep', {});
    if (swept > 0) log({ level: 'info', message: `${swept} leftovers of writes that did not end were removed` });
    return store;
  } catch (error) {
    await store.close();
    throw unusable('cleaned', error);
  }
}

export class SessionStore {
  readonly #options: SessionStoreOptions;
  readonly #reader: Link<ReaderCalls>;
  readonly #recorder: Link<RecorderCalls>;
  #scanning: Promise<unknown> = Promise.resolve();
  #nextScan: Promise<void> | null = null;
  #firstScan: Promise<void> | null = null;
  #discovering: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | null = null;

  constructor(options: SessionStoreOptions, { reader, recorder }: NonNullable<SessionStoreOptions['links']>) {
    this.#options = options;
    this.#reader = reader;
    this.#recorder = recorder;
  }

  /**
   * The start of a cycle: looks at the folder, sets aside what is no session, and answers what is to be delivered.
   * @throws CourierError ERR_DATA_FOLDER_UNUSABLE when the folder cannot be listed.
   */
  discover(): Promise<Discovery> {
    const discovery = this.#discovering.then(() => this.#discover());
    this.#discovering = discovery.catch(() => {});
    return discovery;
  }

  /** Looks at the folder for what other programs did. Calls that come while one waits to start share it. */
  scan(): Promise<void> {
    if (this.#nextScan !== null) return this.#nextScan;
    const scan = this.#scanning.then(() => {
      this.#nextScan = null;
      return this.#scan();
    });
    this.#nextScan = scan;
    this.#firstScan ??= scan;
    this.#scanning = scan.catch(() => {
      if (this.#firstScan === scan) this.#firstScan = null;
    });
    return scan;
  }

  /**
   * The look right before a POST. The body is JSON with `sessionId`, `startTime`, `endTime`, `deviceIP`, `lisIP`,
   * `messages` and, if given, `performer`, in this order: a repeat has the same bytes.
   */
  async readForPost(id: string, performer?: string): Promise<PostLook> {
    const { look, reports } = await this.#reader.call('readForPost', {
      id,
      now: this.#now(),
      ...(performer === undefined || performer === '' ? {} : { performer }),
    });
    this.#report(reports);
    return look;
  }

  /**
   * Puts an attempt on disk; an acceptance sets back first whom it gives a second chance. Recording the same attempt again
   * counts it once.
   * @throws CourierError ERR_STORE_WRITE_FAILED when it is not durable; ERR_SESSION_UNREADABLE, ERR_DATA_FOLDER_UNUSABLE
   * when the file could not be read.
   */
  async record(record: AttemptRecord): Promise<RecordResult> {
    this.#mustWrite();
    const call = this.#recorder.call('record', { record, now: this.#now() });
    const { result, digests, reports } = await this.#writing(call, ({ result: { type } }) => type === 'recorded');
    if (result.type === 'deleted') this.#wrote({ removed: [record.id] });
    else this.#wrote({ changed: digests });
    this.#report(reports);
    return result;
  }

  /**
   * Does what an operator asked for: `retried` failed or ignored -> pending, `ignored` pending or failed -> ignored,
   * `restored` ignored -> pending, `takenBack` what was retried and not tried since -> what it was; the others are left as
   * they are.
   * @throws CourierError ERR_STORE_WRITE_FAILED when one could not be changed; the others that were begun stay changed.
   */
  async changeStatus(
    ids: readonly string[],
    change: StatusChange,
    options: { again?: boolean; reason?: string; shouldStop?: () => boolean } = {},
  ): Promise<{ changed: string[]; unchanged: number }> {
    this.#mustWrite();
    const { shouldStop, ...how } = options;
    const changed: string[] = [];
    for (const part of parts(ids)) {
      if (shouldStop?.() === true) break;
      // Asked for together, they wait for the disk together.
      const outcomes = await Promise.allSettled(part.map((id) => this.#changeOne({ id, change, ...how, now: this.#now() })));
      const refused = outcomes.find((outcome) => outcome.status === 'rejected');
      if (refused !== undefined) throw refused.reason;
      changed.push(...part.filter((_, at) => outcomes[at]?.status === 'fulfilled' && outcomes[at].value));
    }
    return { changed, unchanged: ids.length - changed.length };
  }

  /**
   * Puts a new session on disk, durably. One whose id is there already is not touched.
   * @throws CourierError ERR_ARGUMENT_INVALID when it is no session, ERR_STORE_WRITE_FAILED.
   */
  async add(session: SessionFile): Promise<{ added: boolean }> {
    this.#mustWrite();
    const call = this.#recorder.call('add', { session, now: this.#now() });
    const { added, digests } = await this.#writing(call, (each) => each.added);
    this.#wrote({ added: digests });
    return { added };
  }

  /**
   * Moves sessions to the trash. One whose file changed since the index saw it is left alone, unless `evenIfChanged`.
   * Retention passes `onlyExpired`: what was put back in the queue meanwhile stays.
   * @throws CourierError ERR_STORE_WRITE_FAILED
   */
  async moveToTrash(
    ids: readonly string[],
    which: WhichFiles = {},
  ): Promise<{ moved: string[]; bytes: number; unchanged: number }> {
    this.#mustWrite();
    await this.#ready();
    const moved: string[] = [];
    let bytes = 0;
    for (const part of parts(ids)) {
      const files = await this.#reader.call('knownFiles', { ids: part, ...which, now: this.#now() });
      const call = this.#recorder.call('moveToTrash', { files, now: this.#now() });
      const answer = await this.#writing(call, (each) => each.moved.length > 0);
      this.#wrote({ removed: answer.moved });
      moved.push(...answer.moved);
      bytes += answer.bytes;
    }
    return { moved, bytes, unchanged: ids.length - moved.length };
  }

  /** Moves sessions back from the trash, unless there is one of that id again. @throws CourierError ERR_STORE_WRITE_FAILED */
  async restoreFromTrash(ids: readonly string[]): Promise<{ restored: string[]; unchanged: number }> {
    this.#mustWrite();
    const restored: string[] = [];
    for (const part of parts(ids)) {
      const call = this.#recorder.call('restoreFromTrash', { ids: part });
      const answer = await this.#writing(call, (each) => each.restored.length > 0);
      this.#wrote({ added: answer.digests });
      restored.push(...answer.restored);
    }
    return { restored, unchanged: ids.length - restored.length };
  }

  /** Deletes for good what was moved to the trash before `olderThan` (unix ms). @throws CourierError ERR_STORE_WRITE_FAILED */
  async purgeTrash({ olderThan }: { olderThan: number }): Promise<{ purged: number; bytes: number }> {
    this.#mustWrite();
    const old = (await this.listTrash()).filter(({ trashedAt }) => trashedAt < olderThan);
    const sum = { purged: 0, bytes: 0 };
    for (const entries of parts(old)) {
      const { purged, bytes } = await this.#recorder.call('purgeTrash', { entries });
      sum.purged += purged;
      sum.bytes += bytes;
    }
    return sum;
  }

  listTrash(): Promise<TrashEntry[]> {
    return this.#reader.call('listTrash', {});
  }

  listQuarantine(): Promise<QuarantinedFile[]> {
    return this.#reader.call('listQuarantine', {});
  }

  /** Sessions that retention may move to the trash: past `persistedUntil`, and `submitted` or `ignored`. */
  async expired(now = this.#now()): Promise<{ id: string; bytes: number }[]> {
    await this.#ready();
    return this.#reader.call('expired', { now });
  }

  /** A page of the sessions table, the latest first unless `sort` says otherwise; 100 unless `limit` does. */
  async getSessions(query: SessionsQuery = {}): Promise<{ total: number; sessions: SessionSummary[] }> {
    await this.#ready();
    return this.#reader.call('getSessions', { ...query, now: this.#now() });
  }

  async idsMatching(filter: SessionFilter, scope: QueryScope = {}): Promise<string[]> {
    await this.#ready();
    return this.#reader.call('idsMatching', { filter, ...scope, now: this.#now() });
  }

  /** One session with its content; null when there is none. @throws CourierError ERR_DATA_FOLDER_UNUSABLE */
  getSession(id: string): Promise<{ summary: SessionSummary; session: SessionFile } | null> {
    return this.#reader.call('getSession', { id, now: this.#now() });
  }

  async getFacets(): Promise<Facets> {
    await this.#ready();
    return this.#reader.call('getFacets', {});
  }

  async counts(): Promise<StoreCounts> {
    await this.#ready();
    return this.#reader.call('counts', { now: this.#now() });
  }

  /** Figures over all sessions. @param midnight local midnight, unix ms. */
  async survey(midnight: number): Promise<Survey> {
    await this.#ready();
    return this.#reader.call('survey', { midnight, now: this.#now() });
  }

  /** Every device heard of, the one heard last first. @param midnight local midnight, unix ms. */
  async devices(midnight: number): Promise<Device[]> {
    await this.#ready();
    return this.#reader.call('devices', { midnight, now: this.#now() });
  }

  /** Outcomes and attempts by bucket, as far as the index knows them. */
  async activity(query: ActivityQuery): Promise<ActivityCounts> {
    await this.#ready();
    return this.#reader.call('activity', query);
  }

  /** Sessions that stand under a cause (session-cause.ts), whether it is open or not. */
  async idsOfCause(causeId: string): Promise<string[]> {
    await this.#ready();
    return this.#reader.call('idsOfCause', { causeId, now: this.#now() });
  }

  /** Ends the threads when all that was asked for is on disk. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      // A thread that died has nothing more to finish.
      await this.#recorder.call('finish', {}).catch(() => {});
      await Promise.all([this.#recorder.close(), this.#reader.close()]);
    })();
    return this.#closing;
  }

  /** @returns whether it applied to the session. */
  async #changeOne(params: ChangeParams): Promise<boolean> {
    const call = this.#recorder.call('changeStatus', params);
    const { changed, digests } = await this.#writing(call, (each) => each.changed);
    this.#wrote({ changed: digests });
    return changed;
  }

  async #discover(): Promise<Discovery> {
    await this.scan();
    const isWriter = this.#options.readOnly !== true;
    const attemptsMax = this.#options.attemptsMax?.() ?? 3;
    // What is recorded from here on may not be in the reader's ledger: the recorder enters it again.
    if (isWriter) await this.#recorder.call('watchLedger', {});
    const packed = await this.#reader.call('discovery', { now: this.#now(), attemptsMax });
    const { ledger: entries, lastAcceptedAt } = packed;
    if (isWriter) await this.#recorder.call('replaceLedger', { entries, lastAcceptedAt, attemptsMax });
    this.#report(packed.reports);
    return unpacked(packed);
  }

  async #scan(): Promise<void> {
    const first = await this.#lookAround();
    if (this.#options.readOnly === true || first.damaged.length === 0) return;
    if (first.damaged.some(({ facts }) => this.#isFresh(facts))) await (this.#options.wait ?? pause)(settledMs);
    let hasChanged = false;
    for (const file of first.damaged) hasChanged = !(await this.#setAside(file)) || hasChanged;
    // One that its writer has finished meanwhile is found whole now.
    if (hasChanged) await this.#lookAround();
  }

  async #lookAround(): Promise<ScanResult> {
    const result = await this.#reader.call('scan', { now: this.#now() });
    this.#report(result.reports);
    const { added, changed, removed } = result;
    if (added.length + changed.length + removed.length > 0) this.#options.onChanged?.({ added, changed, removed });
    return result;
  }

  #isFresh({ mtimeMs }: FileFacts): boolean {
    return Math.abs(this.#now() - mtimeMs) < settledMs;
  }

  /** @returns false when the file changed meanwhile; one that cannot be moved stays, and is tried again by the next scan. */
  async #setAside({ name, reason, facts }: DamagedFile): Promise<boolean> {
    try {
      const { file } = await this.#recorder.call('quarantine', { name, reason, facts });
      if (file === null) return false;
      this.#report([
        { level: 'warn', message: `${JSON.stringify(name)} is no session file and is in quarantine now: ${reason}` },
      ]);
      this.#options.onQuarantined?.({ file, reason });
    } catch (error) {
      this.#report([{ level: 'error', message: (error as Error).message }]);
    }
    return true;
  }

  /** Whoever asks before the first cycle waits for a first look. */
  async #ready(): Promise<void> {
    await (this.#firstScan ?? this.scan());
  }

  /**
   * Tells how a write ends; what had nothing to write, or could not be read, says nothing of the disk's writing.
   * @returns the call itself: what was written goes to the reader in the moment of the answer, before anything that is asked
   * then.
   */
  #writing<Answer>(call: Promise<Answer>, hasWritten: (answer: Answer) => boolean): Promise<Answer> {
    const { onWrite } = this.#options;
    call.then(
      (answer) => hasWritten(answer) && onWrite?.(true),
      (error: unknown) => {
        if (error instanceof CourierError && error.code === 'ERR_STORE_WRITE_FAILED') onWrite?.(false);
      },
    );
    return call;
  }

  #wrote(what: { added?: SessionDigest[]; changed?: SessionDigest[]; removed?: string[] }): void {
    const { added = [], changed = [], removed = [] } = what;
    if (added.length + changed.length + removed.length === 0) return;
    // Sent before any later question. If the reader died, that is said elsewhere.
    this.#reader.tell('apply', { digests: [...added, ...changed], removed });
    this.#options.onChanged?.({ added: added.map(summaryOf), changed: changed.map(summaryOf), removed });
  }

  #report(reports: readonly StoreReport[]): void {
    for (const report of reports) this.#options.log?.(report);
  }

  #mustWrite(): void {
    if (this.#options.readOnly === true)
      throw new CourierError('ERR_STATE_CONFLICT', 'the session store is open for reading only; nothing was changed');
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

function threadLinks({ dataDir, readOnly, log }: { dataDir: string; readOnly: boolean; log: (report: StoreReport) => void }) {
  const start = <Calls>(name: string, entry: string) =>
    threadLink<Calls>(new URL(entry + extension, import.meta.url), {
      name,
      workerData: { dataDir },
      onDied: ({ message }) => log({ level: 'error', message }),
    });
  return {
    reader: start<ReaderCalls>('store reader', './read-thread'),
    // A store that only reads asks nothing of its recorder: that needs no thread.
    recorder: readOnly
      ? inlineLink<RecorderCalls>(createRecorder({ dataDir }))
      : start<RecorderCalls>('store recorder', './record-thread'),
  };
}

function makeFolders(dataDir: string, fileSystem: StoreFileSystem): void {
  try {
    for (const folder of Object.values(foldersOf(dataDir))) fileSystem.makeFolder(folder);
    fileSystem.fsyncFolder(dataDir);
  } catch (error) {
    throw unusable('prepared', error);
  }
}

function unusable(what: string, cause: unknown): CourierError {
  return new CourierError(
    'ERR_DATA_FOLDER_UNUSABLE',
    `the data directory could not be ${what}: ${errnoWords(cause)}; check that it is a folder this user may write to`,
    { cause },
  );
}

function* parts<Item>(items: readonly Item[]): Generator<Item[]> {
  for (let at = 0; at < items.length; at += filesPerCall) yield items.slice(at, at + filesPerCall);
}

/** The queue as objects again, a few thousand at a time: the host has other things to do. */
async function unpacked({ ids, startTimes, bytes, triedAts, ...packed }: PackedDiscovery): Promise<Discovery> {
  const { suspects, lastAcceptedAt, triedSince, refusedSince, heldBack } = packed;
  const queue: QueueEntry[] = [];
  for (const [at, id] of (ids === '' ? [] : ids.split('\n')).entries()) {
    if (at > 0 && at % entriesPerTurn === 0) await turn();
    const triedAt = triedAts[at] as number;
    const entry: QueueEntry = { id, startTime: startTimes[at] as number, bytes: bytes[at] as number };
    if (!Number.isNaN(triedAt)) entry.triedAt = triedAt;
    queue.push(entry);
  }
  return { queue, suspects, lastAcceptedAt, triedSince, refusedSince, heldBack };
}
