/**
 * What an action is meant for, and how much of it the action would change: an operator is asked with that number, never
 * with one that counts what stays as it is.
 * May import: src/common.
 */
import type { SessionFilter, SessionSummary, SomeSessions } from '../../common/contract.ts';
import type { SubmissionStatus } from '../../common/session.ts';
import type { Ask } from '../client/api.ts';
import { stateOf } from './words.ts';

export type Selection =
  | { kind: 'some'; sessions: readonly SessionSummary[] }
  | { kind: 'all'; filter: SessionFilter; total: number; inView: number };
export type Change = 'retry' | 'ignore' | 'restore' | 'remove';

/** From which standing the service makes which change (src/service/store/session-change.ts). */
const changeable: Record<Exclude<Change, 'remove'>, readonly SubmissionStatus[]> = {
  retry: ['failed', 'ignored'],
  ignore: ['pending', 'failed'],
  restore: ['ignored'],
};

/** Whether the action would change this session, were it meant alone. */
export const mayRetry = (summary: SessionSummary): boolean =>
  ['failed', 'ignored', 'submitted', 'backoffWait'].includes(stateOf(summary));
export const mayIgnore = (summary: SessionSummary): boolean => changeable.ignore.includes(summary.submissionStatus);
export const mayRestore = (summary: SessionSummary): boolean => changeable.restore.includes(summary.submissionStatus);

export const sizeOf = (selection: Selection): number => (selection.kind === 'all' ? selection.total : selection.sessions.length);
export const paramsOf = (selection: Selection): SomeSessions =>
  selection.kind === 'all' ? { filter: selection.filter } : { sessionIds: selection.sessions.map(({ sessionId }) => sessionId) };

/** The part of the selection that the action would change. */
export async function partOf(ask: Ask, selection: Selection, change: Exclude<Change, 'remove'>): Promise<Selection> {
  if (selection.kind === 'some')
    return { kind: 'some', sessions: selection.sessions.filter((each) => changeable[change].includes(each.submissionStatus)) };
  const filter = narrowed(selection.filter, changeable[change]);
  if (filter === null) return { kind: 'some', sessions: [] };
  const { total } = await ask('getSessions', { filter, limit: 0 });
  return { ...selection, filter, total };
}

/** What a filter matches now: a list may be older, when its rows stay in place while they change. */
export async function asItIs(ask: Ask, selection: Selection): Promise<Selection> {
  if (selection.kind === 'some') return selection;
  const { total } = await ask('getSessions', { filter: selection.filter, limit: 0 });
  return { ...selection, total };
}

/** How many of them were never delivered and are not taken out of delivery. */
export async function undeliveredOf(ask: Ask, selection: Selection): Promise<number> {
  return sizeOf(await partOf(ask, selection, 'ignore'));
}

/** Up to so many of what a filter matches are asked for by id first, so that they can be brought back. */
const namedMax = 1000;
export async function namedOf(ask: Ask, selection: Selection): Promise<Selection> {
  if (selection.kind === 'some' || selection.total > namedMax) return selection;
  const { total, sessions } = await ask('getSessions', { filter: selection.filter, limit: namedMax });
  return total > namedMax ? selection : { kind: 'some', sessions };
}

/** Null when the filter matches none of them. */
function narrowed(filter: SessionFilter, status: readonly SubmissionStatus[]): SessionFilter | null {
  const both = status.filter((each) => filter.status === undefined || filter.status.includes(each));
  return both.length === 0 ? null : { ...filter, status: both };
}
