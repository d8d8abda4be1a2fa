/**
 * Which sessions of the index a request means, and in what order (src/common/contract.ts: filter and sort).
 * May import: src/common.
 */
import type { SessionState } from '../../common/console.ts';
import type { SessionFilter, SessionSort } from '../../common/contract.ts';
import { folded, wordsOf } from './search-text.ts';
import { isHeldBack, type SessionDigest } from './session-digest.ts';

/** What the service knows beyond the files, for the filter by `state`. */
export interface StateView {
  /** Sessions under way and the state of their machines. */
  underWay: Readonly<Record<string, SessionState>>;
  /** Where other pending sessions stand: `held` while the circuit is open; `ready` ones that were tried are `deferred`. */
  pending: 'ready' | 'held' | 'deferred';
}

/** Where a session stands, in the operator's words. */
export function stateOf(digest: SessionDigest, { underWay, pending }: StateView, now: number): SessionState {
  const state = Object.hasOwn(underWay, digest.id) ? underWay[digest.id] : undefined;
  if (state !== undefined) return state;
  if (digest.submissionStatus !== 'pending') return digest.submissionStatus;
  if (isHeldBack(digest, now)) return 'incomplete';
  return pending === 'ready' && digest.triedAt !== 0 ? 'deferred' : pending;
}

/**
 * A test for one filter. `causeId` is not known to the store: the service turns it into ids first.
 * @param view where sessions under way stand.
 */
export function matcherOf(filter: SessionFilter, view: StateView, now: number): (digest: SessionDigest) => boolean {
  const { status, device, from, to, messageType, hasError, text, state, afterRetries } = filter;
  const tests: ((digest: SessionDigest) => boolean)[] = [];
  if (status !== undefined) tests.push(({ submissionStatus }) => status.includes(submissionStatus));
  if (from !== undefined) tests.push(({ startTime }) => startTime >= from);
  if (to !== undefined) tests.push(({ startTime }) => startTime < to);
  if (device !== undefined) tests.push((digest) => digest.device === device || digest.deviceIP === device);
  if (messageType !== undefined) {
    const family = `${messageType}^`;
    tests.push((digest) => digest.messageType === messageType || digest.messageType.startsWith(family));
  }
  if (hasError !== undefined) tests.push(({ submissionError }) => (submissionError !== '') === hasError);
  if (afterRetries !== undefined)
    tests.push((digest) => (digest.submissionStatus === 'submitted' && digest.submissionAttempts > 1) === afterRetries);
  if (state !== undefined) tests.push((digest) => state.includes(stateOf(digest, view, now)));
  if (text !== undefined) tests.push(...wordsOf(text).map(wordTest));
  return (digest) => tests.every((test) => test(digest));
}

/** Whether a folded word is anywhere in a session: in what the index shows of it, or in what its messages hold. */
function wordTest(word: string): (digest: SessionDigest) => boolean {
  // Many sessions share these strings, so each is looked at once.
  const [shared, errors] = [new Map<string, boolean>(), new Map<string, boolean>()];
  return ({ ownText, sharedText, submissionError }) => {
    if (ownText.includes(word)) return true;
    let isShared = shared.get(sharedText);
    if (isShared === undefined) shared.set(sharedText, (isShared = sharedText.includes(word)));
    if (isShared || submissionError === '') return isShared;
    let isInError = errors.get(submissionError);
    if (isInError === undefined) errors.set(submissionError, (isInError = folded(submissionError).includes(word)));
    return isInError;
  };
}

const keys: Record<SessionSort['by'], (digest: SessionDigest) => number | string> = {
  startTime: ({ startTime }) => startTime,
  endTime: ({ endTime }) => endTime,
  sessionId: ({ counter }) => counter,
  device: ({ device }) => device,
  messageType: ({ messageType }) => messageType,
  submissionStatus: ({ submissionStatus }) => submissionStatus,
  submissionAttempts: ({ submissionAttempts }) => submissionAttempts,
  submittedAt: ({ submittedAt }) => submittedAt,
  savedAt: ({ savedAt }) => savedAt,
  triedAt: ({ triedAt }) => triedAt,
  httpStatus: ({ httpStatus }) => httpStatus,
  messageCount: ({ messageCount }) => messageCount,
  bytes: ({ bytes }) => bytes,
  deviceIP: ({ deviceIP }) => deviceIP,
  lisIP: ({ lisIP }) => lisIP,
};

/** Equal ones go by first byte, the latest first, then by id, so that pages never overlap. */
export function comparatorOf({ by, descending = false }: SessionSort): (a: SessionDigest, b: SessionDigest) => number {
  const key = keys[by];
  const sign = descending ? -1 : 1;
  return (a, b) => {
    const [keyOfA, keyOfB] = [key(a), key(b)];
    if (keyOfA !== keyOfB) return keyOfA < keyOfB ? -sign : sign;
    return b.startTime - a.startTime || (a.id < b.id ? -1 : 1);
  };
}

/** The first `count` in order. Of 100,000 a page is wanted: most are only compared with the last one that is in it so far. */
export function firstOf<Item>(all: Item[], compare: (a: Item, b: Item) => number, count: number): Item[] {
  const roomFor = 4 * count;
  if (all.length <= roomFor) return all.sort(compare).slice(0, count);
  const best: Item[] = [];
  let last: Item | null = null;
  for (const item of all) {
    if (last !== null && compare(item, last) >= 0) continue;
    best.push(item);
    if (best.length < roomFor) continue;
    best.sort(compare).length = count;
    last = best[count - 1] ?? null;
  }
  return best.sort(compare).slice(0, count);
}
