/**
 * The contract's requests about sessions: look, retry, ignore, restore, delete.
 * May import: src/common, src/service.
 */
import type { SomeSessions } from '../common/contract.ts';
import { CourierError } from '../common/errors.ts';
import type { Desk } from './desk/desk.ts';
import type { HandlersOf } from './handlers.ts';
import type { SessionStore, SessionsQuery } from './store/session-store.ts';
import type { SubmissionWorker } from './submission-worker.ts';

type Answered =
  | 'getSessions'
  | 'getSession'
  | 'retrySubmission'
  | 'retryFailed'
  | 'ignoreSession'
  | 'restoreSession'
  | 'deleteSession';

/** What the answers need of the desk: where sessions stand now. */
type Standing = Pick<Desk, 'decorate' | 'scopeOf'>;

export function sessionHandlers(
  store: SessionStore,
  worker: Pick<SubmissionWorker, 'triggerNow' | 'hasten'>,
  standing: Standing,
): HandlersOf<Answered> {
  const idsOf = async (which: SomeSessions, { alsoInTrash = false } = {}): Promise<string[]> => {
    if ('sessionIds' in which) return which.sessionIds;
    if ('filter' in which) {
      const { filter, scope } = await standing.scopeOf(which.filter);
      return store.idsMatching(filter, scope);
    }
    const { sessionId } = which;
    if (!alsoInTrash && (await store.getSession(sessionId)) === null) return nothingThere(sessionId);
    return [sessionId];
  };
  const retry = async (ids: readonly string[], isAgain: boolean) => {
    const { changed, unchanged } = await store.changeStatus(ids, 'retried', { again: isAgain });
    // One that waits for its next attempt is pending already: it need not wait.
    for (const id of ids) worker.hasten(id);
    if (changed.length > 0) worker.triggerNow();
    return { queued: changed.length, unchanged };
  };
  return {
    getSessions: async ({ filter: given = {}, ...page }) => {
      const { filter, scope } = await standing.scopeOf(given);
      // zod types a missing field as one that may be undefined.
      const { total, sessions } = await store.getSessions({ ...page, filter, ...scope } as SessionsQuery);
      return { total, sessions: standing.decorate(sessions) };
    },
    getSession: async ({ sessionId }) => {
      const found = (await store.getSession(sessionId)) ?? nothingThere(sessionId);
      const [summary = found.summary] = standing.decorate([found.summary]);
      return { ...found, summary };
    },
    retrySubmission: async ({ again = false, ...which }) => retry(await idsOf(which), again),
    retryFailed: async () => retry(await store.idsMatching({ status: ['failed'] }), false),
    ignoreSession: async (which) => {
      const { changed, unchanged } = await store.changeStatus(await idsOf(which), 'ignored');
      return { ignored: changed.length, unchanged };
    },
    restoreSession: async (which) => {
      const ids = await idsOf(which, { alsoInTrash: true });
      const { changed, unchanged } = await store.changeStatus(ids, 'restored');
      const { restored } = await store.restoreFromTrash(ids);
      const restoredCount = changed.length + restored.length;
      if (restoredCount > 0) worker.triggerNow();
      return { restored: restoredCount, unchanged: Math.max(0, unchanged - restored.length) };
    },
    deleteSession: async (which) => {
      const ids = await idsOf(which);
      const { moved } = await store.moveToTrash(ids, { evenIfChanged: true });
      return { deleted: moved.length, unchanged: ids.length - moved.length };
    },
  };
}

function nothingThere(sessionId: string): never {
  throw new CourierError(
    'ERR_SESSION_NOT_FOUND',
    `There is no session "${sessionId}" in the data directory; the list of sessions shows the ids.`,
  );
}
