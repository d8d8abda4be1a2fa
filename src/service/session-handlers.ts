/**
 * The contract's requests about sessions: look, retry, ignore, restore, delete.
 * May import: src/common, src/service.
 */
import type { SessionFilter, SomeSessions } from '../common/contract.ts';
import { CourierError } from '../common/errors.ts';
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

/** @param onChanged called after sessions changed by hand, before the request is answered. */
export function sessionHandlers(
  store: SessionStore,
  worker: Pick<SubmissionWorker, 'triggerNow' | 'hasten'>,
  onChanged: () => void,
): HandlersOf<Answered> {
  const retry = async (ids: readonly string[], isAgain: boolean) => {
    const { changed, unchanged } = await store.changeStatus(ids, 'retried', { again: isAgain });
    // One that waits for its next attempt is pending already: it need not wait.
    for (const id of ids) worker.hasten(id);
    if (changed.length > 0) {
      onChanged();
      worker.triggerNow();
    }
    return { queued: changed.length, unchanged };
  };
  return {
    // zod types a missing field as one that may be undefined.
    getSessions: (params) => store.getSessions(params as SessionsQuery),
    getSession: async ({ sessionId }) => (await store.getSession(sessionId)) ?? nothingThere(sessionId),
    retrySubmission: async ({ again = false, ...which }) => retry(await idsOf(store, which), again),
    retryFailed: async () => retry(await store.idsMatching({ status: ['failed'] }), false),
    ignoreSession: async (which) => {
      const { changed, unchanged } = await store.changeStatus(await idsOf(store, which), 'ignored');
      if (changed.length > 0) onChanged();
      return { ignored: changed.length, unchanged };
    },
    restoreSession: async (which) => {
      const ids = await idsOf(store, which, { alsoInTrash: true });
      const { changed, unchanged } = await store.changeStatus(ids, 'restored');
      const { restored } = await store.restoreFromTrash(ids);
      const restoredCount = changed.length + restored.length;
      if (restoredCount > 0) {
        onChanged();
        worker.triggerNow();
      }
      return { restored: restoredCount, unchanged: Math.max(0, unchanged - restored.length) };
    },
    deleteSession: async (which) => {
      const ids = await idsOf(store, which);
      const { moved } = await store.moveToTrash(ids);
      if (moved.length > 0) onChanged();
      return { deleted: moved.length, unchanged: ids.length - moved.length };
    },
  };
}

async function idsOf(store: SessionStore, which: SomeSessions, { alsoInTrash = false } = {}): Promise<string[]> {
  if ('sessionIds' in which) return which.sessionIds;
  if ('filter' in which) return store.idsMatching(which.filter satisfies SessionFilter);
  const { sessionId } = which;
  if (!alsoInTrash && (await store.getSession(sessionId)) === null) return nothingThere(sessionId);
  return [sessionId];
}

function nothingThere(sessionId: string): never {
  throw new CourierError(
    'ERR_SESSION_NOT_FOUND',
    `There is no session "${sessionId}" in the data directory; the list of sessions shows the ids.`,
  );
}
