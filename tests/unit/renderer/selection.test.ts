/** What an action is asked for with: the number it changes, not the number that is selected. */
import { expect, test } from 'vitest';
import type { SessionFilter } from '../../../src/common/contract.ts';
import type { Ask } from '../../../src/renderer/client/api.ts';
import { asItIs, namedOf, partOf, sizeOf, undeliveredOf, type Selection } from '../../../src/renderer/model/selection.ts';
import { filtered, sessionsOf } from '../../support/scripted-data.ts';

const sessions = sessionsOf('busy', Date.UTC(2026, 10, 24, 12), 400);
const ask = (async (_name: string, { filter, limit = 100 }: { filter?: SessionFilter; limit?: number }) => {
  const found = filtered(sessions, filter);
  return { total: found.length, sessions: found.slice(0, limit) };
}) as unknown as Ask;
const all = (filter: SessionFilter): Selection => ({
  kind: 'all',
  filter,
  total: filtered(sessions, filter).length,
  inView: 20,
});
const some: Selection = { kind: 'some', sessions };
const numberOf = (...status: string[]) => sessions.filter(({ submissionStatus }) => status.includes(submissionStatus)).length;

test.each([all({}), some])(
  'accepted and waiting sessions are not counted in what is retried, ignored or restored',
  async (selection) => {
    expect(sizeOf(await partOf(ask, selection, 'retry'))).toBe(numberOf('failed', 'ignored'));
    expect(sizeOf(await partOf(ask, selection, 'ignore'))).toBe(numberOf('pending', 'failed'));
    expect(sizeOf(await partOf(ask, selection, 'restore'))).toBe(numberOf('ignored'));
    expect(await undeliveredOf(ask, selection)).toBe(numberOf('pending', 'failed'));
  },
);

test('the Undo of an ignore brings back none that was ignored before', async () => {
  const named = await namedOf(ask, await partOf(ask, all({}), 'ignore'));
  const chosen = named.kind === 'some' ? named.sessions.map(({ submissionStatus }) => submissionStatus) : [];
  expect(new Set(chosen)).toEqual(new Set(['pending', 'failed']));
});

test('a filter for other sessions than an action is for leaves nothing to do', async () => {
  expect(sizeOf(await partOf(ask, all({ status: ['submitted'] }), 'retry'))).toBe(0);
});

test('what is moved to the trash is counted as it is now, not as the list was', async () => {
  const old: Selection = { kind: 'all', filter: { status: ['failed'] }, total: 4711, inView: 20 };
  expect(sizeOf(await asItIs(ask, old))).toBe(numberOf('failed'));
});
