/**
 * One export from the wish to the file: which sessions, may they be in one file, written down if patient fields go along,
 * fetched a few at once, put together in pieces that the browser keeps outside of the page's memory.
 *   listing -> (limits) -> (written down) -> fetching -> Blob
 * May import: src/common.
 */
import { recordedAtOnceMax, type SessionFilter, type SessionSummary } from '../../common/contract.ts';
import { CourierError } from '../../common/errors.ts';
import type { SessionFile } from '../../common/session.ts';
import type { Ask } from '../client/api.ts';
import type { Selection } from '../model/actions.tsx';
import { bytes as size, count, moment } from '../model/format.ts';
import {
  csvHead,
  csvRow,
  fileNameOf,
  hl7Writer,
  jsonWriter,
  type ExportForm,
  type LeftOut,
  type Writer,
} from './export-formats.ts';

/** Session files of so many bytes at most go into one file with messages; the table has no limit. */
export const contentBytesMax = 250_000_000;
/** Rows of one request: the contract allows no more. */
const rowsAtOnce = 1000;
/** Sessions fetched at the same time. */
const fetchesAtOnce = 4;
/** Text is handed over to the browser in pieces of so many characters. */
const pieceLength = 1_000_000;

export interface ExportWish {
  selection: Selection;
  form: ExportForm;
  isMasked: boolean;
}
export interface ExportProgress {
  phase: 'listing' | 'fetching';
  done: number;
  total: number;
}
export type ExportEnd =
  | { type: 'made'; name: string; file: Blob; sessions: number; left: LeftOut }
  | { type: 'cancelled' }
  /** Nothing was fetched: in words, with what would fit. */
  | { type: 'tooMuch'; message: string };

export interface ExportTools {
  ask: Ask;
  now: () => number;
  signal: AbortSignal;
  onProgress: (progress: ExportProgress) => void;
}

/** @throws CourierError when the service refuses or is gone; no file was made. */
export async function runExport(wish: ExportWish, tools: ExportTools): Promise<ExportEnd> {
  if (wish.form === 'csv') return tableExport(wish, tools);
  const listed: Listed[] = [];
  for await (const rows of rowsOf(wish.selection, tools)) listed.push(...rows.map(listedOf));
  if (tools.signal.aborted) return { type: 'cancelled' };
  const message = objectionTo(listed, wish, tools.now());
  return message === null ? contentExport(listed, wish, tools) : { type: 'tooMuch', message };
}

type Listed = Pick<SessionSummary, 'sessionId' | 'bytes' | 'startTime'>;
const listedOf = ({ sessionId, bytes, startTime }: SessionSummary): Listed => ({ sessionId, bytes, startTime });

async function tableExport({ selection }: ExportWish, tools: ExportTools): Promise<ExportEnd> {
  const pieces = new Pieces(csvHead);
  let sessions = 0;
  for await (const rows of rowsOf(selection, tools)) {
    sessions += rows.length;
    pieces.add(rows.map(csvRow).join(''));
  }
  if (tools.signal.aborted) return { type: 'cancelled' };
  const name = fileNameOf('csv', { at: tools.now(), count: sessions });
  return { type: 'made', name, file: pieces.blob('text/csv;charset=utf-8'), sessions, left: { gone: 0, unfit: 0 } };
}

async function contentExport(listed: readonly Listed[], { form, isMasked }: ExportWish, tools: ExportTools): Promise<ExportEnd> {
  const { ask, now, signal, onProgress } = tools;
  const only = listed.length === 1 ? listed[0] : undefined;
  const writer: Writer = form === 'json' ? jsonWriter({ isMasked, isOne: only !== undefined }) : hl7Writer({ isMasked });
  const left: LeftOut = { gone: 0, unfit: 0 };
  const recorded = isMasked ? listed : await recordAll(ask, listed);
  left.gone += listed.length - recorded.length;
  const pieces = new Pieces(writer.begin(now()));
  let sessions = 0;
  for await (const session of contentsOf(ask, recorded)) {
    if (signal.aborted) return { type: 'cancelled' };
    if (session === null) left.gone += 1;
    else {
      const { text, unfit } = writer.session(session);
      sessions += 1;
      left.unfit += unfit;
      pieces.add(text);
    }
    onProgress({ phase: 'fetching', done: sessions + left.gone, total: listed.length });
  }
  if (sessions === 0)
    throw new CourierError('ERR_SESSION_NOT_FOUND', 'Nothing was exported: the sessions were deleted meanwhile.');
  pieces.add(writer.end(sessions, left));
  const name = fileNameOf(form, { at: now(), count: sessions, ...(only === undefined ? {} : { id: only.sessionId }) });
  return { type: 'made', name, file: pieces.blob(writer.type), sessions, left };
}

/** All at once and before the first is fetched. @returns those that are still here: of others nothing was written down. */
async function recordAll(ask: Ask, listed: readonly Listed[]): Promise<readonly Listed[]> {
  const sessionIds = listed.map(({ sessionId }) => sessionId);
  const { missing = [] } = await ask('recordPatientAccess', { sessionIds, action: 'exported' });
  const gone = new Set(missing);
  return listed.filter(({ sessionId }) => !gone.has(sessionId));
}

/**
 * The rows that are meant, the oldest first. Of a filter they are asked for by time, not by place: what arrives or is
 * deleted meanwhile moves places, but no row is missed or there twice.
 */
async function* rowsOf(selection: Selection, { ask, signal, onProgress }: ExportTools): AsyncGenerator<SessionSummary[]> {
  if (selection.kind === 'some') {
    yield selection.sessions.toSorted((a, b) => a.startTime - b.startTime);
    return;
  }
  const { filter } = selection;
  let from = filter.from;
  /** Rows that begin at `from` and were had already. */
  let had = new Set<string>();
  let offset = 0;
  let done = 0;
  while (!signal.aborted) {
    const { sessions, total } = await ask('getSessions', {
      filter: { ...filter, ...(from === undefined ? {} : { from }) } satisfies SessionFilter,
      sort: { by: 'startTime' },
      offset,
      limit: rowsAtOnce,
    });
    const last = sessions.at(-1);
    const rows = sessions.filter(({ sessionId }) => !had.has(sessionId));
    done += rows.length;
    onProgress({ phase: 'listing', done, total: Math.max(selection.total, done) });
    if (rows.length > 0) yield rows;
    if (last === undefined || offset + sessions.length >= total) return;
    // More than a page may begin in the same millisecond: then by place, within it.
    offset = last.startTime === from ? offset + sessions.length : 0;
    if (last.startTime !== from) had = new Set();
    from = last.startTime;
    for (const { sessionId, startTime } of sessions) if (startTime === from) had.add(sessionId);
  }
}

/** In order, a few under way at once. Null: deleted meanwhile. */
async function* contentsOf(ask: Ask, listed: readonly Listed[]): AsyncGenerator<SessionFile | null> {
  const fetchOne = async ({ sessionId }: Listed): Promise<{ session: SessionFile | null } | { error: unknown }> => {
    try {
      return { session: (await ask('getSession', { sessionId })).session };
    } catch (error) {
      return error instanceof CourierError && error.code === 'ERR_SESSION_NOT_FOUND' ? { session: null } : { error };
    }
  };
  const underWay: ReturnType<typeof fetchOne>[] = [];
  const settled = async (next: ReturnType<typeof fetchOne>): Promise<SessionFile | null> => {
    const answer = await next;
    if ('error' in answer) throw answer.error;
    return answer.session;
  };
  for (const each of listed) {
    underWay.push(fetchOne(each));
    const first = underWay.length < fetchesAtOnce ? undefined : underWay.shift();
    if (first !== undefined) yield await settled(first);
  }
  for (const rest of underWay) yield await settled(rest);
}

/** Why these are too much for one file, and what would fit; null when they are not. */
export function objectionTo(listed: readonly Listed[], { isMasked }: Pick<ExportWish, 'isMasked'>, now: number): string | null {
  const countMax = isMasked ? Number.POSITIVE_INFINITY : recordedAtOnceMax;
  let bytes = 0;
  let fitting = 0;
  for (const session of listed) {
    bytes += session.bytes;
    if (bytes <= contentBytesMax && fitting < countMax) fitting += 1;
  }
  if (fitting === listed.length) return null;
  const first = listed[fitting];
  const reason =
    bytes > contentBytesMax
      ? `These ${count(listed.length)} sessions hold ${size(bytes)}; one file takes ${size(contentBytesMax)}.`
      : `With patient fields at most ${count(countMax)} sessions are exported at once; these are ${count(listed.length)}.`;
  const hint =
    first === undefined || fitting === 0
      ? ''
      : ` The oldest ${count(fitting)} fit, those captured before ${moment(first.startTime, now)}.`;
  return `${reason} Nothing was exported. Narrow the filter by time or device, or select fewer.${hint} As a table (CSV) all of them fit.`;
}

/** Text in pieces: the browser keeps what it was given on disk if it is much. */
class Pieces {
  readonly #blobs: Blob[] = [];
  #texts: string[];
  #length: number;

  constructor(first: string) {
    this.#texts = [first];
    this.#length = first.length;
  }

  add(text: string): void {
    this.#texts.push(text);
    this.#length += text.length;
    if (this.#length >= pieceLength) this.#hand();
  }

  blob(type: string): Blob {
    this.#hand();
    return new Blob(this.#blobs, { type });
  }

  #hand(): void {
    this.#blobs.push(new Blob(this.#texts));
    [this.#texts, this.#length] = [[], 0];
  }
}
