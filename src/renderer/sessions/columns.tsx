/**
 * The columns of the sessions table: what each shows, how wide it is, and which give way where there is no room.
 *   chosen (preferences) + width of the table -> columns shown, and the grid's template
 * May import: react, src/common.
 */
import type { ReactNode } from 'react';
import type { SessionSort, SessionSummary } from '../../common/contract.ts';
import { useNow } from '../model/console.tsx';
import { bytes, count, duration, exact, minuteOrDay, moment, shortId } from '../model/format.ts';
import { columnIds, type ColumnId } from '../model/preferences.ts';
import { stateOf, stateWords, wordOf } from '../model/words.ts';
import { StatusMark } from '../ui/marks.tsx';

export interface Column {
  id: ColumnId;
  label: string;
  /** What the chooser says beside the label, where it does not explain itself. */
  hint?: string;
  /** Missing: the service cannot sort by it. */
  by?: SessionSort['by'];
  /** Narrowest, and where there is room, in rem; `Infinity` takes what is left. */
  width: readonly [least: number, most: number];
  /** Figures stand right. */
  isFigure?: boolean;
  isMono?: boolean;
  /** @param now unix ms, whole minutes. @param isShort there is room for the minute of today, or for another day. */
  cell: (summary: SessionSummary, now: number, isShort: boolean) => ReactNode;
  title?: (summary: SessionSummary) => string;
}

const time = (at: number | undefined, now: number): string => (at === undefined ? '' : moment(at, now));
const instant = (at: number | undefined): string => (at === undefined ? '' : exact(at));

const columns: Readonly<Record<ColumnId, Omit<Column, 'id'>>> = {
  state: {
    label: 'State',
    by: 'submissionStatus',
    width: [7.75, 8.375],
    cell: (summary) => <StateCell summary={summary} />,
  },
  captured: {
    label: 'Captured',
    by: 'startTime',
    width: [5.5, 7],
    cell: ({ startTime }, now, isShort) => (isShort ? minuteOrDay(startTime, now) : moment(startTime, now)),
    title: ({ startTime }) => exact(startTime),
  },
  session: {
    label: 'Session',
    hint: 'the number on this computer',
    by: 'sessionId',
    width: [4.25, 4.75],
    isMono: true,
    cell: ({ counter }) => counter,
  },
  id: {
    label: 'Id',
    hint: 'as the endpoint gets it',
    width: [6.5, 6.5],
    isMono: true,
    cell: ({ sessionId }) => shortId(sessionId),
    title: ({ sessionId }) => sessionId,
  },
  device: {
    label: 'Device',
    by: 'device',
    width: [4.5, 7.375],
    cell: ({ device }) => <bdi className="medium">{device}</bdi>,
    title: ({ device, deviceIP }) => `${device}, ${deviceIP}`,
  },
  address: {
    label: 'Address',
    hint: 'of the device',
    by: 'deviceIP',
    width: [7.5, 8],
    isMono: true,
    cell: ({ deviceIP }) => deviceIP,
  },
  lisAddress: { label: 'LIS address', by: 'lisIP', width: [7.5, 8], isMono: true, cell: ({ lisIP }) => lisIP },
  type: {
    label: 'Type',
    by: 'messageType',
    width: [4.75, 5.25],
    cell: ({ messageType }) => <bdi>{messageType}</bdi>,
  },
  messages: {
    label: 'Messages',
    by: 'messageCount',
    width: [4.75, 5],
    isFigure: true,
    cell: ({ messageCount }) => count(messageCount),
  },
  size: { label: 'Size', by: 'bytes', width: [4.5, 4.5], isFigure: true, cell: (summary) => bytes(summary.bytes) },
  tries: {
    label: 'Tries',
    by: 'submissionAttempts',
    width: [3, 3.5],
    isFigure: true,
    cell: ({ submissionAttempts }) => submissionAttempts,
  },
  httpStatus: {
    label: 'HTTP',
    hint: 'status of the last answer',
    by: 'httpStatus',
    width: [3.25, 3.5],
    isFigure: true,
    cell: ({ httpStatus }) => httpStatus,
  },
  lastAttempt: {
    label: 'Last attempt',
    by: 'triedAt',
    width: [7, 7],
    cell: ({ triedAt }, now) => time(triedAt, now),
    title: ({ triedAt }) => instant(triedAt),
  },
  accepted: {
    label: 'Accepted',
    hint: 'when',
    by: 'submittedAt',
    width: [7, 7],
    cell: ({ submittedAt }, now) => time(submittedAt, now),
    title: ({ submittedAt }) => instant(submittedAt),
  },
  waited: {
    label: 'Waited',
    hint: 'from the last byte until accepted, or until now',
    width: [5.5, 6],
    isFigure: true,
    cell: (summary, now) => waitedOf(summary, now),
  },
  reason: {
    label: 'Reason',
    width: [7, Number.POSITIVE_INFINITY],
    cell: (summary) => reasonOf(summary),
    title: (summary) => reasonOf(summary),
  },
};
export const allColumns: readonly Column[] = columnIds.map((id) => ({ id, ...columns[id] }));

/** Always shown: a row without it says nothing about what became of the result. */
export const firmColumn: ColumnId = 'state';
const checkRem = 2.875;
/** For rounding. */
const spareRem = 0.25;
const capturedShortRem = 5;
/** Who goes first when room is short (design brief, section 8); the state, the device and the reason stay. */
const givingWay: readonly (ColumnId | 'seconds')[] = [
  'type',
  'session',
  'seconds',
  'lisAddress',
  'messages',
  'size',
  'id',
  'address',
  'httpStatus',
  'lastAttempt',
  'waited',
  'tries',
  'accepted',
  'captured',
];

export interface Layout {
  shown: readonly Column[];
  /** Times without seconds. */
  isShort: boolean;
  /** For `grid-template-columns`, the box for the selection first. */
  template: string;
}

/** @param widthRem of the table; 0 while it is not known. */
export function layoutOf(chosen: readonly ColumnId[], widthRem: number): Layout {
  let shown = allColumns.filter(({ id }) => id === firmColumn || chosen.includes(id));
  let isShort = false;
  const leastOf = ({ id, width: [least] }: Column) => (id === 'captured' && isShort ? capturedShortRem : least);
  const needed = () => checkRem + spareRem + shown.reduce((sum, column) => sum + leastOf(column), 0);
  for (const next of widthRem === 0 ? [] : givingWay) {
    if (needed() <= widthRem) break;
    if (next === 'seconds') isShort = true;
    else shown = shown.filter(({ id }) => id !== next);
  }
  const hasRest = shown.some(({ id }) => id === 'reason');
  const tracks = shown.map((column) => {
    const [least, most] = [leastOf(column), column.width[1]];
    if (most === Number.POSITIVE_INFINITY || (!hasRest && column.id === 'device')) return `minmax(${least}rem, 1fr)`;
    return `minmax(${least}rem, ${Math.max(least, column.id === 'captured' && isShort ? least : most)}rem)`;
  });
  return { shown, isShort, template: [`${checkRem}rem`, ...tracks].join(' ') };
}

export const classOf = ({ id, isFigure = false, isMono = false }: Column): string =>
  `col-${id.toLowerCase()}${isFigure ? ' is-figure' : ''}${isMono ? ' mono' : ''}`;

/** Only rows whose word counts down are painted every second. */
function StateCell({ summary }: { summary: SessionSummary }) {
  const state = stateOf(summary);
  return state === 'backoffWait' ? <CountingCell summary={summary} /> : <StatusMark word={stateWords[state]} />;
}
function CountingCell({ summary }: { summary: SessionSummary }) {
  return <StatusMark word={wordOf(summary, useNow())} />;
}

/** Empty for what is not to be delivered. */
function waitedOf({ submissionStatus, submittedAt, endTime }: SessionSummary, now: number): string {
  if (submissionStatus === 'ignored') return '';
  const until = submittedAt ?? now;
  const waited = Math.max(0, until - endTime);
  // Of one that still waits the minute is known, not the second.
  return submittedAt === undefined ? duration(Math.max(60_000, Math.floor(waited / 60_000) * 60_000)) : duration(waited);
}

export function reasonOf(summary: SessionSummary): string {
  if (summary.submissionError !== undefined) return summary.submissionError;
  if (summary.submissionStatus !== 'submitted' || summary.submissionAttempts < 2) return '';
  return summary.submissionAttempts === 2 ? 'after 1 retry' : `after ${summary.submissionAttempts - 1} retries`;
}
