/**
 * Filters, sorting and pages of the sessions table.
 * May import: src/service/store, tests/support.
 */
import { expect, test } from 'vitest';
import type { SessionFilter, SessionSort } from '../../../src/common/contract.ts';
import { firstOf } from '../../../src/service/store/session-query.ts';
import { simulatedStore } from '../../support/simulated-store.ts';
import { storedSession } from '../../support/stored-session.ts';

const header = (device: string, type: string) => [`MSH|^~\\&|${device}|LAB|||2026||${type}|1`];
async function filled() {
  const { store, put } = await simulatedStore();
  put(storedSession('a', { startTime: 1, sessionId: 11, messages: header('XN', 'ORU^R01') }));
  put(
    storedSession('b', {
      startTime: 2,
      sessionId: 12,
      messages: header('XN', 'ORM^O01'),
      submissionStatus: 'failed',
      submissionError: 'HTTP 422',
    }),
  );
  put(
    storedSession('c', {
      startTime: 3,
      sessionId: 10,
      messages: header('cobas', 'ADT^A08'),
      deviceIP: '10.0.0.6',
      submissionStatus: 'submitted',
      submittedAt: 9,
      submissionAttempts: 2,
    }),
  );
  put(storedSession('d', { startTime: 3, sessionId: 99, messages: [], isComplete: false, _saved_at: 1_000_000 }));
  put(
    storedSession('e', {
      startTime: 0,
      sessionId: 1,
      messages: header('XN', 'ORU'),
      submissionHistory: [{ attempt: 1, startedAt: 1, durationMs: 1, outcome: 'later' }],
    }),
  );
  return store;
}

test.each<[SessionFilter, string]>([
  [{}, 'cdbae'],
  [{ status: ['failed', 'submitted'] }, 'cb'],
  [{ status: [] }, ''],
  [{ device: 'XN' }, 'bae'],
  [{ device: '10.0.0.6' }, 'c'],
  [{ from: 1, to: 3 }, 'ba'],
  [{ messageType: 'ORU^R01' }, 'a'],
  [{ messageType: 'ORU' }, 'ae'],
  [{ hasError: true }, 'b'],
  [{ hasError: false }, 'cdae'],
  [{ afterRetries: true }, 'c'],
  [{ text: 'COBAS' }, 'c'],
  [{ text: '422' }, 'b'],
  [{ text: '99' }, 'd'],
  [{ text: 'r01' }, 'a'],
  [{ text: '10.0.0.9' }, 'cdbae'],
  [{ text: '' }, 'cdbae'],
  [{ text: 'nothing' }, ''],
  [{ state: ['incomplete'] }, 'd'],
  [{ state: ['failed', 'attempt'] }, 'ba'],
  [{ state: ['deferred'] }, 'e'],
])('%j finds %s', async (filter, expected) => {
  const store = await filled();
  const view = { underWay: { a: 'attempt' as const }, pending: 'ready' as const };
  const { sessions, total } = await store.getSessions({ filter, view });
  expect(sessions.map(({ sessionId }) => sessionId).join('')).toBe(expected);
  expect(total).toBe(expected.length);
  expect((await store.idsMatching(filter, { view })).sort().join('')).toBe([...expected].sort().join(''));
});

test.each<[string, string]>([
  ['B2600000007', 'a'],
  ['2600000', 'ab'],
  ['order-9', 'b'],
  ['4711', 'a'],
  ['doe', 'ab'],
  ['DOE JANE', 'a'],
  ['jane, Doe', 'a'],
  ['Doe^Jane', 'a'],
  ['müller', 'c'],
  ['MULLER', 'c'],
  ['glucose', 'ab'],
  ['glucose doe 10.0.0.5 chem', 'ab'],
  ['glucose muller', ''],
  ['janedoe', ''],
  ['19700131', ''],
  ['  ', 'abc'],
])('the words %j, wherever a session holds them, find %s', async (text, expected) => {
  const { store, put } = await simulatedStore();
  const result = (...segments: string[]) => [`${header('CHEM-1', 'ORU^R01')[0]}\r${segments.join('\r')}`];
  put(
    storedSession('a', {
      messages: result('PID|1||4711||DOE^JANE||19700131', 'SPM|1|B2600000007', 'OBX|1|NM|GLU^Glucose^L||7'),
    }),
  );
  put(
    storedSession('b', { messages: result('PID|1||0815||DOE^JOHN', 'OBR|1|ORDER-9|B2600000008', 'OBX|1|NM|GLU^Glucose^L||7') }),
  );
  put(storedSession('c', { messages: result('PID|1||1234||M\u00dcLLER^J\u00d6RG') }));
  const { sessions } = await store.getSessions({ filter: { text }, sort: { by: 'sessionId' } });
  expect(
    sessions
      .map(({ sessionId }) => sessionId)
      .sort()
      .join(''),
  ).toBe(expected);
  expect(JSON.stringify(sessions)).not.toMatch(/4711|doe|ller|B26|glucose/i);
});

test('a page of many is the begin of the whole order, wherever it lies', () => {
  let state = 7;
  const all = Array.from({ length: 5000 }, () => (state = (state * 48_271) % 2_147_483_647) % 3000);
  const compare = (a: number, b: number) => a - b;
  const ordered = all.toSorted(compare);
  for (const count of [1, 100, 999, 1300, 5000, 9000]) expect(firstOf([...all], compare, count)).toEqual(ordered.slice(0, count));
  expect(firstOf(ordered.toReversed(), compare, 200)).toEqual(ordered.slice(0, 200));
  expect(firstOf([], compare, 5)).toEqual([]);
});

test.each<[SessionSort, string]>([
  [{ by: 'startTime' }, 'eabcd'],
  [{ by: 'sessionId' }, 'ecabd'],
  [{ by: 'deviceIP', descending: true }, 'cdbae'],
  [{ by: 'lisIP' }, 'cdbae'],
  [{ by: 'messageCount' }, 'dcbae'],
  [{ by: 'triedAt', descending: true }, 'ecdba'],
  [{ by: 'httpStatus' }, 'cdbae'],
  [{ by: 'sessionId', descending: true }, 'dbace'],
  [{ by: 'device' }, 'dbaec'],
  [{ by: 'messageType' }, 'dcbea'],
  [{ by: 'submissionStatus' }, 'bdaec'],
  [{ by: 'submissionAttempts', descending: true }, 'cdbae'],
  [{ by: 'submittedAt', descending: true }, 'cdbae'],
  [{ by: 'savedAt', descending: true }, 'dcbae'],
  [{ by: 'endTime' }, 'cdbae'],
])('sorted by %j: %s', async (sort, expected) => {
  const store = await filled();
  const { sessions } = await store.getSessions({ sort });
  expect(sessions.map(({ sessionId }) => sessionId).join('')).toBe(expected);
});

test('pages follow each other without overlap, and some sessions can be asked for by id', async () => {
  const store = await filled();
  const page = async (offset: number) =>
    (await store.getSessions({ offset, limit: 2 })).sessions.map(({ sessionId }) => sessionId).join('');
  expect([await page(0), await page(2), await page(4), await page(6)]).toEqual(['cd', 'ba', 'e', '']);
  expect((await store.getSessions({ ids: ['a', 'gone', 'b'], filter: { hasError: true } })).sessions).toMatchObject([
    { sessionId: 'b' },
  ]);
});

test('devices and message types are listed, the most frequent first', async () => {
  const store = await filled();
  expect(await store.getFacets()).toEqual({
    devices: [
      { value: 'XN', count: 3 },
      { value: '10.0.0.5', count: 1 },
      { value: 'cobas', count: 1 },
    ],
    messageTypes: ['ADT^A08', 'ORM^O01', 'ORU', 'ORU^R01'].map((value) => ({ value, count: 1 })),
  });
});
