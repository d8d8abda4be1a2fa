/**
 * The reading half of the store: it keeps the index and answers every question about it, in a thread of its own, so that a
 * look at a file never waits behind a record's fsync (design section 4).
 *   session-store.ts -> link -> Reader -> SessionIndex -> files
 * May import: node, machines, src/common.
 */
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { orderQueue } from '../../../machines/queue-order.ts';
import type { Facets } from '../../common/console.ts';
import type { SessionFilter, SessionSort, SessionSummary } from '../../common/contract.ts';
import type { Discovery, WithdrawnReason } from '../../common/delivery.ts';
import type { SessionFile } from '../../common/session.ts';
import { type DeskQueries, deskQueries } from './desk-queries.ts';
import { errnoOf, nodeFileSystem, readWhole, type StoreFileSystem } from './file-system.ts';
import { foldersOf, type Folders, isSessionId, partsOfTrashName, reasonSuffix, type TrashEntry } from './folders.ts';
import { withTransfer } from './link.ts';
import {
  isHeldBack,
  type KnownFile,
  type LedgerEntry,
  ledgerEntryOf,
  queueEntryOf,
  type SessionDigest,
  summaryOf,
} from './session-digest.ts';
import type { RunningCounts, StandingCounts } from './running-counts.ts';
import { filesPerTurn, type ScanResult, SessionIndex } from './session-index.ts';
import { comparatorOf, firstOf, matcherOf, type StateView } from './session-query.ts';
import { errorReading, type StoreReport } from './store-error.ts';

const facetsMax = 200;
const reasonBytesMax = 64 * 1024;

/** What a query means beside the filter: only these ids, and where sessions under way stand. */
export interface QueryScope {
  ids?: readonly string[];
  view?: StateView;
}
export interface SessionsQuery extends QueryScope {
  filter?: SessionFilter;
  sort?: SessionSort;
  offset?: number;
  limit?: number;
}

export interface StoreCounts extends StandingCounts {
  quarantined: number;
  /** Files that the disk did not let us read; they are in none of the figures above. */
  unreadable: number;
}

/** A body for one POST, or why there is none. */
export type PostLook = { type: 'body'; body: Uint8Array; bytes: number } | { type: 'withdrawn'; reason: WithdrawnReason };

/** A file in quarantine, and why it is there. */
export interface QuarantinedFile {
  file: string;
  reason: string;
  bytes: number;
  /** When it was last written, unix ms. */
  modifiedAt: number;
}

/** A queue in columns: 100,000 entries cross between threads as one text and three arrays, not as 100,000 objects. */
export interface PackedDiscovery extends Omit<Discovery, 'queue'> {
  ids: string;
  startTimes: Float64Array;
  bytes: Float64Array;
  /** NaN: never tried. */
  triedAts: Float64Array;
  ledger: LedgerEntry[];
  reports: StoreReport[];
}

export interface WhichFiles {
  /** Only those past their `persistedUntil` that are `submitted` or `ignored` now. */
  onlyExpired?: boolean;
  /** The files are looked at again first: what the index remembers of them does not matter. */
  evenIfChanged?: boolean;
}

export interface ReaderCalls extends DeskQueries {
  scan(params: { now: number }): Promise<ScanResult>;
  apply(params: { digests: SessionDigest[]; removed: string[] }): void;
  discovery(params: { now: number; attemptsMax: number }): PackedDiscovery;
  readForPost(params: { id: string; performer?: string; now: number }): { look: PostLook; reports: StoreReport[] };
  getSession(params: { id: string; now: number }): { summary: SessionSummary; session: SessionFile } | null;
  getSessions(params: SessionsQuery & { now: number }): { total: number; sessions: SessionSummary[] };
  idsMatching(params: QueryScope & { filter: SessionFilter; now: number }): string[];
  getFacets(params: object): Facets;
  counts(params: { now: number }): StoreCounts;
  expired(params: { now: number }): { id: string; bytes: number }[];
  knownFiles(params: { ids: readonly string[]; now: number } & WhichFiles): KnownFile[];
  listTrash(params: object): Promise<TrashEntry[]>;
  listQuarantine(params: object): QuarantinedFile[];
}

export interface ReaderOptions {
  dataDir: string;
  fileSystem?: StoreFileSystem;
  breathe?: () => Promise<void>;
}

export function createReader({ dataDir, fileSystem = nodeFileSystem, breathe = turn }: ReaderOptions): ReaderCalls {
  const folders = foldersOf(dataDir);
  const index = new SessionIndex({ fileSystem, folder: folders.sessions, breathe });
  const matching = ({ ids, view = noneUnderWay, filter = {}, now }: QueryScope & { filter?: SessionFilter; now: number }) => {
    const matches = matcherOf(filter, view, now);
    const found: SessionDigest[] = [];
    const all = ids === undefined ? index.digests.values() : knownOnly(ids, index);
    for (const digest of all) if (matches(digest)) found.push(digest);
    return found;
  };
  const contentOf = (id: string, now: number) => {
    const look = index.look(id, now);
    return look.type === 'session' ? look.session : null;
  };
  return {
    ...deskQueries(index, contentOf),
    scan: async ({ now }) => {
      try {
        return await index.scan(now);
      } catch (error) {
        throw errorReading('the sessions folder', error);
      }
    },
    apply: (change) => index.apply(change),
    discovery: (at) => packedDiscovery(index, at),
    readForPost: (params) => readForPost(index, params),
    getSession: ({ id, now }) => {
      const look = isSessionId(id) ? index.look(id, now) : { type: 'missing' as const };
      if (look.type === 'session') return { summary: summaryOf(look.digest), session: look.session };
      if (look.type === 'unreadable') throw errorReading(`session ${id}`, look.error);
      return null;
    },
    getSessions: ({ sort = { by: 'startTime', descending: true }, offset = 0, limit = 100, ...query }) => {
      const found = matching(query);
      const total = found.length;
      const page = limit === 0 ? [] : firstOf(found, comparatorOf(sort), offset + limit).slice(offset);
      return { total, sessions: page.map(summaryOf) };
    },
    idsMatching: (query) => matching(query).map(({ id }) => id),
    getFacets: () => {
      const digests = [...index.digests.values()];
      return {
        devices: facetOf(digests.map(({ device }) => device)),
        messageTypes: facetOf(digests.map(({ messageType }) => messageType)),
      };
    },
    counts: ({ now }) => ({
      ...index.counts.standing(now),
      quarantined: quarantinedNames(fileSystem, folders).length,
      unreadable: index.unreadable,
    }),
    expired: ({ now }) =>
      [...index.digests.values()].filter((digest) => isExpired(digest, now)).map(({ id, bytes }) => ({ id, bytes })),
    knownFiles: ({ ids, now, onlyExpired = false, evenIfChanged = false }) => {
      if (evenIfChanged) for (const id of ids.filter(isSessionId)) index.look(id, now);
      return knownOnly(ids, index)
        .filter((digest) => !onlyExpired || isExpired(digest, now))
        .map(({ id, ino, bytes, ctimeMs }) => ({ id, ino, size: bytes, ctimeMs }));
    },
    listTrash: async () => {
      const entries: TrashEntry[] = [];
      for (const [at, name] of listOrNone(fileSystem, folders.trash).entries()) {
        if (at % filesPerTurn === 0) await breathe();
        const parts = partsOfTrashName(name);
        const facts = parts === null ? null : fileSystem.lstat(join(folders.trash, name));
        if (parts !== null && facts !== null) entries.push({ ...parts, bytes: facts.size });
      }
      return entries;
    },
    listQuarantine: () =>
      quarantinedNames(fileSystem, folders).flatMap((file) => {
        const facts = fileSystem.lstat(join(folders.quarantine, file));
        if (facts === null) return [];
        return [{ file, reason: reasonOf(fileSystem, folders, file), bytes: facts.size, modifiedAt: facts.mtimeMs }];
      }),
  };
}

const noneUnderWay: StateView = { underWay: {}, pending: 'deferred' };
/** Age never removes what was not delivered. */
const isExpired = ({ submissionStatus, persistedUntil }: SessionDigest, now: number) =>
  (submissionStatus === 'submitted' || submissionStatus === 'ignored') && persistedUntil <= now;

function knownOnly(ids: readonly string[], { digests }: SessionIndex): SessionDigest[] {
  return ids.flatMap((id) => digests.get(id) ?? []);
}

/** The look right before a POST: what is on disk now decides, not what the index remembers. */
function readForPost(
  index: SessionIndex,
  { id, performer, now }: { id: string; performer?: string; now: number },
): { look: PostLook; reports: StoreReport[] } {
  const look = index.look(id, now);
  const withdrawn = (reason: WithdrawnReason, reports: StoreReport[] = []) => ({
    look: { type: 'withdrawn' as const, reason },
    reports,
  });
  if (look.type === 'missing') return withdrawn('deleted');
  if (look.type === 'unreadable')
    return withdrawn('unreadable', [
      { level: 'error', message: errorReading(`session ${id}`, look.error).message, sessionId: id },
    ]);
  // What is wrong with it is said by the next scan, which sets it aside.
  if (look.type !== 'session') return withdrawn('unreadable');
  const { session, digest } = look;
  if (session.submissionStatus !== 'pending') return withdrawn(session.submissionStatus);
  if (isHeldBack(digest, now)) return withdrawn('incomplete');
  const { startTime, endTime, deviceIP, lisIP, messages } = session;
  const sent = { sessionId: id, startTime, endTime, deviceIP, lisIP, messages, ...(performer ? { performer } : {}) };
  const body = new TextEncoder().encode(JSON.stringify(sent));
  const answer = { look: { type: 'body' as const, body, bytes: digest.bytes }, reports: [] };
  return withTransfer(answer, [body.buffer as ArrayBuffer]);
}

function packedDiscovery(
  { digests, counts }: { digests: ReadonlyMap<string, SessionDigest>; counts: RunningCounts },
  { now, attemptsMax }: { now: number; attemptsMax: number },
): PackedDiscovery {
  const { lastAcceptedAt, isFromTheFuture } = counts.lastAcceptance(now);
  let [triedSince, refusedSince, heldBack] = [0, 0, 0];
  const pending: SessionDigest[] = [];
  const ledger: LedgerEntry[] = [];
  for (const digest of digests.values()) {
    if (digest.triedAt > lastAcceptedAt) {
      triedSince += 1;
      if (digest.outcome === 'refused') refusedSince += 1;
    }
    const entry = ledgerEntryOf(digest, attemptsMax);
    if (entry !== null && entry.deliveryStartedAt > lastAcceptedAt) ledger.push(entry);
    if (isHeldBack(digest, now)) heldBack += 1;
    else if (digest.submissionStatus === 'pending') pending.push(digest);
  }
  const { queue, suspects } = orderQueue(pending.map(queueEntryOf), lastAcceptedAt);
  const startTimes = Float64Array.from(queue, ({ startTime }) => startTime);
  const bytes = Float64Array.from(queue, (entry) => entry.bytes);
  const triedAts = Float64Array.from(queue, ({ triedAt }) => triedAt ?? Number.NaN);
  const reports: StoreReport[] = isFromTheFuture
    ? [{ level: 'warn', message: 'a session was accepted in the future by its file; did the clock of this computer jump?' }]
    : [];
  const packed = {
    ids: queue.map(({ id }) => id).join('\n'),
    startTimes,
    bytes,
    triedAts,
    suspects,
    lastAcceptedAt,
    triedSince,
    refusedSince,
    heldBack,
    ledger,
    reports,
  };
  return withTransfer(packed, [startTimes.buffer, bytes.buffer, triedAts.buffer]);
}

function facetOf(values: string[]): Facets['devices'] {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== '') counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, facetsMax);
}

function quarantinedNames(fileSystem: StoreFileSystem, { quarantine }: Folders): string[] {
  return listOrNone(fileSystem, quarantine).filter((name) => !name.startsWith('.') && !name.endsWith(reasonSuffix));
}

function reasonOf(fileSystem: StoreFileSystem, { quarantine }: Folders, file: string): string {
  const reason = readText(fileSystem, join(quarantine, file + reasonSuffix));
  return reason?.split('\n', 1)[0] ?? 'The reason is not known.';
}

function readText(fileSystem: StoreFileSystem, path: string): string | null {
  try {
    const result = readWhole(fileSystem, path, reasonBytesMax);
    return result.type === 'read' ? new TextDecoder().decode(result.bytes) : null;
  } catch {
    return null;
  }
}

function listOrNone(fileSystem: StoreFileSystem, folder: string): string[] {
  try {
    return fileSystem.list(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw errorReading('a folder of the data directory', error);
  }
}
