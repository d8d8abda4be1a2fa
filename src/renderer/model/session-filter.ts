/**
 * A filter of sessions as the address carries it: `state=failed&captured=today&text=chem`. Times are relative, so that a
 * saved view stays true.
 * May import: src/common.
 */
import { sessionState, type SessionState } from '../../common/console.ts';
import { moment } from './format.ts';
import { sessionSort, type SessionFilter, type SessionSort } from '../../common/contract.ts';

export const capturedSpans = [
  { id: '10m', label: 'last 10 min' },
  { id: '1h', label: 'last hour' },
  { id: '24h', label: 'last 24 h' },
  { id: 'today', label: 'today' },
  { id: 'yesterday', label: 'yesterday' },
  { id: '7d', label: 'last 7 days' },
] as const;

const minuteMs = 60_000;
const lengthMs: Record<string, number> = {
  '10m': 10 * minuteMs,
  '1h': 60 * minuteMs,
  '24h': 1440 * minuteMs,
  '7d': 7 * 1440 * minuteMs,
};

/** The parameters of a filter; others of the address (`open`, `sort`) are not among them. */
export const filterKeys = [
  'text',
  'state',
  'device',
  'type',
  'captured',
  'from',
  'to',
  'error',
  'afterRetries',
  'cause',
] as const;

/** @param now unix ms; rounded by the caller, so that the filter does not change with every paint. */
export function filterOf(query: URLSearchParams, now: number): SessionFilter {
  const filter: SessionFilter = {};
  const text = query.get('text')?.trim();
  if (text !== undefined && text !== '') filter.text = text.slice(0, 256);
  const states = statesOf(query);
  if (states.length > 0) filter.state = states;
  const device = query.get('device');
  if (device !== null) filter.device = device.slice(0, 256);
  const type = query.get('type');
  if (type !== null) filter.messageType = type.slice(0, 64);
  if (query.get('error') === 'true') filter.hasError = true;
  if (query.get('afterRetries') === 'true') filter.afterRetries = true;
  const cause = query.get('cause');
  if (cause !== null) filter.causeId = cause.slice(0, 200);
  return { ...filter, ...spanOf(query, now) };
}
export const statesOf = (query: URLSearchParams): SessionState[] =>
  (query.get('state') ?? '').split(',').flatMap((state) => sessionState.safeParse(state).data ?? []);

function spanOf(query: URLSearchParams, now: number): Pick<SessionFilter, 'from' | 'to'> {
  const captured = query.get('captured');
  if (captured === 'today') return { from: midnight(now, 0) };
  if (captured === 'yesterday') return { from: midnight(now, -1), to: midnight(now, 0) };
  const length = captured === null ? undefined : lengthMs[captured];
  if (length !== undefined) return { from: now - length };
  const from = Date.parse(query.get('from') ?? '');
  const to = Date.parse(query.get('to') ?? '');
  return { ...(Number.isNaN(from) ? {} : { from }), ...(Number.isNaN(to) ? {} : { to }) };
}
/** When they were captured, in words for the filter; null: at any time. `from` and `to` are local times, `2026-11-24T09:00`. */
export function capturedWords(query: URLSearchParams, now: number): string | null {
  const span = capturedSpans.find(({ id }) => id === query.get('captured'));
  if (span !== undefined) return span.label;
  const { from, to } = spanOf(query, now);
  const day = (at: number) => moment(at, now).replace(/^(\d\d:\d\d):00$/, '$1');
  if (from !== undefined) return to === undefined ? `since ${day(from)}` : `${day(from)} to ${day(to)}`;
  return to === undefined ? null : `before ${day(to)}`;
}
/** Whether the end lies before the begin. */
export function isBackwards(query: URLSearchParams): boolean {
  const { from, to } = spanOf(query, 0);
  return query.get('captured') === null && from !== undefined && to !== undefined && to <= from;
}
function midnight(now: number, days: number): number {
  const date = new Date(now);
  date.setHours(0, 0, 0, 0);
  date.setDate(date.getDate() + days);
  return date.getTime();
}
/** Newest first unless the address says otherwise: `sort=-device`. */
export function sortOf(query: URLSearchParams): SessionSort {
  const sort = query.get('sort') ?? '-startTime';
  const checked = sessionSort.safeParse({ by: sort.replace(/^-/, ''), descending: sort.startsWith('-') });
  return checked.success ? checked.data : { by: 'startTime', descending: true };
}
