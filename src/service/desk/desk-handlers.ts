/**
 * The desk's answers to the contract's requests.
 * May import: src/common, src/service.
 */
import type { Params, Result } from '../../common/contract.ts';
import { CourierError } from '../../common/errors.ts';
import type { SubmissionStatus } from '../../common/session.ts';
import type { HandlersOf } from '../handlers.ts';
import { bucketsOf } from '../store/activity-counts.ts';
import { testConnection } from './connection-test.ts';
import { midnightBefore } from './day.ts';
import type { DeskRoom } from './desk.ts';
import type { RetryWish } from './retry-jobs.ts';

export type DeskHandlers = HandlersOf<
  | 'getActivity'
  | 'getDevices'
  | 'getFacets'
  | 'getCauses'
  | 'setCauseNote'
  | 'muteCause'
  | 'startRetryJob'
  | 'cancelRetryJob'
  | 'getRetryJobs'
  | 'getTransitions'
  | 'getLog'
  | 'testConnection'
  | 'recordPatientAccess'
  | 'getPatientAccess'
>;

export function deskHandlers(room: DeskRoom): DeskHandlers {
  const { store, settings, log, now, environment } = room.deps;
  return {
    getActivity: async ({ span }) => {
      const counts = await store.activity({ ...bucketsOf(span, now()), attemptsBefore: room.ledger.since });
      return room.ledger.activity(span, counts, { now: now(), limitMs: settings.current().submissionTimeoutSeconds * 1000 });
    },
    getDevices: async () => ({ devices: await store.devices(midnightBefore(now())) }),
    getFacets: () => store.getFacets(),
    getCauses: () => ({ causes: room.causes.all }),
    setCauseNote: async ({ causeId, note }) => {
      const cause = room.causes.setNote(causeId, note);
      await room.keeper.keepNow();
      return { cause };
    },
    muteCause: async ({ causeId, muted }) => {
      const cause = room.causes.mute(causeId, muted);
      await room.keeper.keepNow();
      return { cause };
    },
    startRetryJob: async (params) => {
      const wish = await retryWish(room, params);
      const job = room.jobs.start(wish);
      if (wish.causeId !== undefined) room.causes.noteRetry(wish.causeId);
      return { job };
    },
    cancelRetryJob: ({ jobId }) => ({ job: room.jobs.cancel(jobId) }),
    getRetryJobs: () => ({ jobs: room.jobs.all }),
    getTransitions: (which) => ({ transitions: room.watch.transitions(which) }),
    getLog: (wanted) => ({ lines: log.recent(wanted) }),
    testConnection: ({ change = {} }) => testConnection(change, { settings, environment, now, signal: room.closing.signal }),
    recordPatientAccess: async (params) => recordAccess(room, params),
    getPatientAccess: async ({ sessionId }) => ({ entries: await room.access.list(sessionId) }),
  };
}

async function recordAccess(
  { deps: { store, now }, access }: DeskRoom,
  { action, ...which }: Params<'recordPatientAccess'>,
): Promise<Result<'recordPatientAccess'>> {
  const isOne = 'sessionId' in which;
  const ids = [...new Set(isOne ? [which.sessionId] : which.sessionIds)];
  const { sessions } = await store.getSessions({ ids, limit: ids.length });
  if (isOne && sessions.length === 0)
    throw new CourierError('ERR_SESSION_NOT_FOUND', 'This session is not here any more; load the list again.');
  const at = now();
  await access.record(...sessions.map(({ sessionId, counter }) => ({ at, sessionId, counter, action })));
  if (isOne) return { recorded: true };
  const here = new Set(sessions.map(({ sessionId }) => sessionId));
  return { recorded: true, missing: ids.filter((id) => !here.has(id)) };
}

/** Which sessions a retry is about: those of the wanted ones that may be retried at this moment. */
async function retryWish(room: DeskRoom, params: Params<'startRetryJob'>): Promise<RetryWish> {
  const { store } = room.deps;
  if ('causeId' in params) {
    const { causeId } = params;
    const { httpStatus, code, may } = room.causes.get(causeId);
    if (!may.retry)
      throw new CourierError(
        'ERR_ARGUMENT_INVALID',
        'The sessions of this cause are not retried at once: it is over, or they go by themselves.',
      );
    room.jobs.assertFree(causeId);
    const recurrence = { ...(httpStatus === undefined ? {} : { httpStatus }), ...(code === undefined ? {} : { code }) };
    return { ids: await store.idsOfCause(causeId), causeId, recurrence };
  }
  const { again = false } = params;
  const status: SubmissionStatus[] = again ? ['failed', 'ignored', 'submitted'] : ['failed', 'ignored'];
  if ('sessionIds' in params) return { ids: await store.idsMatching({ status }, { ids: params.sessionIds }), again };
  const { filter, scope } = await room.scopeOf(params.filter);
  const wanted = status.filter((each) => filter.status === undefined || filter.status.includes(each));
  return { ids: await store.idsMatching({ ...filter, status: wanted }, scope), again };
}
