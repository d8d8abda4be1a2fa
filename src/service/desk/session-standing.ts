/**
 * Where sessions stand now, in the operator's words: what their files say, put together with the machines, the circuit and
 * the causes (docs/console-contract.md, "State of a session").
 * May import: src/common, src/service.
 */
import type { SessionState } from '../../common/console.ts';
import type { SessionFilter, SessionSummary } from '../../common/contract.ts';
import { heldBackMs } from '../store/session-digest.ts';
import type { QueryScope } from '../store/reader.ts';
import type { StateView } from '../store/session-query.ts';
import type { WorkerStatus } from '../submission-worker.ts';
import type { Lane } from './machine-watch.ts';

export interface StandingView {
  lanes: ReadonlyMap<string, Lane>;
  worker: () => Pick<WorkerStatus, 'circuit' | 'nextCycleAt'>;
  hasEndpoint: () => boolean;
  isStanding: (causeId: string) => boolean;
  now: () => number;
}

/** Whether what is pending waits for the endpoint: the circuit is open, or there is none. */
export function isHeld({ worker, hasEndpoint }: Pick<StandingView, 'worker' | 'hasEndpoint'>): boolean {
  return worker().circuit.state === 'open' || !hasEndpoint();
}

/** The derived fields of summaries as the store gives them. */
export function decorated(summaries: readonly SessionSummary[], view: StandingView): SessionSummary[] {
  const held = isHeld(view);
  const { nextCycleAt } = view.worker();
  const common = commonCause(view);
  const now = view.now();
  return summaries.map((summary) => {
    const lane = view.lanes.get(summary.sessionId);
    const state = lane?.state ?? stateByFile(summary, held, now);
    const nextAttemptAt =
      lane === undefined
        ? state === 'deferred' || state === 'held'
          ? nextCycleAt
          : undefined
        : state === 'backoffWait'
          ? lane.until
          : undefined;
    const causeId = causeOf(summary, state, common, view.isStanding);
    const { causeId: _own, ...plain } = summary;
    return Object.assign(
      plain,
      { state },
      lane?.attemptStartedAt === undefined ? {} : { attemptStartedAt: lane.attemptStartedAt },
      nextAttemptAt === undefined ? {} : { nextAttemptAt },
      lane?.durationMs === undefined ? {} : { durationMs: lane.durationMs },
      causeId === undefined ? {} : { causeId },
    );
  });
}

/** What the store needs to know to filter by state. */
export function stateView(view: StandingView): StateView {
  const underWay: Record<string, SessionState> = {};
  for (const [id, { state }] of view.lanes) underWay[id] = state;
  return { underWay, pending: isHeld(view) ? 'held' : 'ready' };
}

/**
 * A filter as the store understands it: `causeId` becomes ids.
 * @param idsOfCause sessions whose file speaks of a cause.
 */
export async function scopeOf(
  { causeId, ...filter }: SessionFilter,
  view: StandingView,
  idsOfCause: (causeId: string) => Promise<string[]>,
): Promise<{ filter: SessionFilter; scope: QueryScope }> {
  const scope: QueryScope = { view: stateView(view) };
  if (causeId === undefined) return { filter, scope };
  if (!view.isStanding(causeId)) return { filter, scope: { ...scope, ids: [] } };
  // All that is pending stands under what holds it.
  if (causeId === 'circuit' || causeId === 'endpoint') {
    const status = filter.status === undefined || filter.status.includes('pending') ? ['pending' as const] : [];
    return { filter: { ...filter, status }, scope };
  }
  return { filter, scope: { ...scope, ids: await idsOfCause(causeId) } };
}

function stateByFile(
  { submissionStatus, isComplete, savedAt, triedAt }: SessionSummary,
  held: boolean,
  now: number,
): SessionState {
  if (submissionStatus !== 'pending') return submissionStatus;
  if (!isComplete && Math.abs(now - savedAt) < heldBackMs) return 'incomplete';
  if (held) return 'held';
  return triedAt === undefined ? 'ready' : 'deferred';
}

/** What holds everything that is pending: the open circuit, or an endpoint that cannot be used. */
function commonCause({ worker, isStanding }: StandingView): string | undefined {
  if (worker().circuit.state === 'open' && isStanding('circuit')) return 'circuit';
  return isStanding('endpoint') ? 'endpoint' : undefined;
}

function causeOf(
  { causeId, submissionStatus }: SessionSummary,
  state: SessionState,
  common: string | undefined,
  isStanding: (causeId: string) => boolean,
): string | undefined {
  if (submissionStatus === 'pending' && common !== undefined && state !== 'incomplete') return common;
  return causeId !== undefined && isStanding(causeId) ? causeId : undefined;
}
