/** The sessions table: which columns fit, which rows a range means, which time stands beside the scroll bar. */
import { expect, test } from 'vitest';
import type { Ask } from '../../../src/renderer/client/api.ts';
import { columnIds, standardColumns } from '../../../src/renderer/model/preferences.ts';
import { capturedWords, filterOf, isBackwards } from '../../../src/renderer/model/session-filter.ts';
import { rowsHere, rowsOf } from '../../../src/renderer/sessions/choice-of-rows.ts';
import { layoutOf } from '../../../src/renderer/sessions/columns.tsx';
import { timeAt } from '../../../src/renderer/sessions/scroll-hint.tsx';
import { sessionsOf, sorted } from '../../support/scripted-data.ts';

const idsAt = (widthRem: number, chosen = standardColumns) => layoutOf(chosen, widthRem).shown.map(({ id }) => id);

test('columns give way in their order: type, session, seconds; state, device and reason stay', () => {
  expect(idsAt(80)).toEqual([...standardColumns]);
  expect(idsAt(36)).toEqual(['state', 'captured', 'session', 'device', 'tries', 'reason']);
  expect(idsAt(32)).toEqual(['state', 'captured', 'device', 'tries', 'reason']);
  expect([layoutOf(standardColumns, 31.5).isShort, layoutOf(standardColumns, 30.5).isShort]).toEqual([false, true]);
  expect(idsAt(10)).toEqual(['state', 'device', 'reason']);
  // Before the table was measured nothing gives way.
  expect(idsAt(0)).toEqual([...standardColumns]);
});

test('of many columns those that say least give way first, and the state cannot be left out', () => {
  expect(idsAt(200, columnIds)).toEqual([...columnIds]);
  const some = idsAt(62, columnIds);
  expect(some).toEqual(expect.arrayContaining(['state', 'device', 'tries', 'accepted', 'waited', 'reason']));
  expect(some).not.toEqual(expect.arrayContaining(['lisAddress']));
  expect(idsAt(80, ['reason'])).toEqual(['state', 'reason']);
});

test('what is left of the width goes to the reason, or else to the device', () => {
  expect(layoutOf(['reason'], 80).template).toBe('2.875rem minmax(7.75rem, 8.375rem) minmax(7rem, 1fr)');
  expect(layoutOf(['device'], 80).template).toBe('2.875rem minmax(7.75rem, 8.375rem) minmax(4.5rem, 1fr)');
});

const all = sessionsOf('large', Date.UTC(2026, 10, 24, 12), 5000);
const sort = { by: 'startTime', descending: true } as const;

test('a range over rows that are here is known at once, one over rows that are not is asked for', async () => {
  const at = (index: number) => (index < 200 ? all[index] : undefined);
  expect([...(rowsHere(at, 3, 5)?.keys() ?? [])]).toEqual(all.slice(3, 6).map(({ sessionId }) => sessionId));
  expect(rowsHere(at, 190, 210)).toBeNull();
  const asked: unknown[] = [];
  const ask = ((_name: string, { offset = 0, limit = 0 }: { offset?: number; limit?: number }) => {
    asked.push([offset, limit]);
    return Promise.resolve({ total: all.length, sessions: sorted(all, sort).slice(offset, offset + limit) });
  }) as unknown as Ask;
  const isWanted = () => true;
  const ids = await rowsOf(ask, { filter: {}, sort, isWanted }, 190, 2500);
  expect([...ids.keys()]).toEqual(all.slice(190, 2501).map(({ sessionId }) => sessionId));
  expect(asked).toEqual([
    [190, 1000],
    [1190, 1000],
    [2190, 311],
  ]);
  asked.length = 0;
  await rowsOf(ask, { filter: {}, sort, isWanted: () => asked.length < 2 }, 0, 4999);
  expect(asked).toHaveLength(2);
});

test('the time beside the scroll bar is that of the row, or lies between the nearest pages', () => {
  const at = (index: number) => (index < 200 || index >= 4800 ? all[index] : undefined);
  const known = { sort, at, here: () => [24, 0] };
  expect(timeAt(known, 7)).toEqual({ at: all[7]?.startTime, isExact: true });
  const between = timeAt(known, 2500);
  expect(between?.isExact).toBe(false);
  // Devices talk at an even pace here: an estimate is not far off.
  expect(Math.abs((between?.at ?? 0) - (all[2500]?.startTime ?? 0))).toBeLessThan(3_600_000);
  expect(timeAt({ ...known, here: () => [0] }, 2500)).toBeNull();
  expect(timeAt({ ...known, sort: { by: 'device' } }, 7)).toBeNull();
});

test('when sessions were captured is chosen as a span or between two times', () => {
  const at = (text: string) => new Date(text).getTime();
  const midday = at('2026-11-24T12:00');
  const query = (text: string) => new URLSearchParams(text);
  expect(filterOf(query('from=2026-11-24T09:00&to=2026-11-24T10:30'), midday)).toEqual({
    from: at('2026-11-24T09:00'),
    to: at('2026-11-24T10:30'),
  });
  expect(capturedWords(query('from=2026-11-24T09:00&to=2026-11-24T10:30'), midday)).toBe('09:00 to 10:30');
  expect(capturedWords(query('from=2026-11-24T09:00'), midday)).toBe('since 09:00');
  expect(capturedWords(query('to=2026-11-24T09:00'), midday)).toBe('before 09:00');
  expect(capturedWords(query('captured=today'), midday)).toBe('today');
  expect(capturedWords(query('from=&to=x'), midday)).toBeNull();
  expect(isBackwards(query('from=2026-11-24T09:00&to=2026-11-24T08:00'))).toBe(true);
  expect(isBackwards(query('from=2026-11-24T09:00&to=2026-11-24T10:00'))).toBe(false);
  expect(isBackwards(query('captured=yesterday'))).toBe(false);
});
