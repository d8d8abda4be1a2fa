/** The pages behind the sessions table: fetched around the view, patched in place, new rows counted. */
import { expect, test, vi } from 'vitest';
import type { SessionSummary } from '../../../src/common/contract.ts';
import { CourierError } from '../../../src/common/errors.ts';
import type { Ask } from '../../../src/renderer/client/api.ts';
import { pageSize, SessionPages } from '../../../src/renderer/sessions/pages.ts';
import { sessionsOf } from '../../support/scripted-data.ts';

/** The answers come in this process; how soon it gets to them is the machine's. */
const patiently = { timeout: 60_000, interval: 5 };
const newestFirst = { by: 'startTime', descending: true } as const;

test('only the pages in view are fetched, and a row is found by its place and its id', async () => {
  const { pages, asked, all } = startPages(1000);
  await shown(pages);
  pages.show(395, 420);
  await vi.waitFor(() => expect(pages.at(420)).toBeDefined(), patiently);
  expect(asked.map(({ offset }) => offset)).toEqual([0, 200, 400]);
  expect(pages.at(pageSize)).toEqual(all[pageSize]);
  expect(pages.indexOf(all[399]?.sessionId ?? '')).toBe(399);
  expect(pages.byId(all[3]?.sessionId ?? '')).toEqual(all[3]);
  expect(pages.at(900)).toBeUndefined();
});

test('a change is patched in place, one of a row that is not here is not', async () => {
  const { pages, all } = startPages(300);
  await shown(pages);
  const [first] = all as [SessionSummary];
  const versions = pages.state().version;
  pages.patch({
    added: [],
    changed: [
      { ...first, submissionAttempts: 9 },
      { ...first, sessionId: 'elsewhere' },
    ],
    removed: [],
  });
  expect(pages.at(0)?.submissionAttempts).toBe(9);
  expect(pages.byId('elsewhere')).toBeUndefined();
  expect(pages.state().version).toBe(versions + 1);
});

test('a new session that came with a page before it was told of is what it was told to be', async () => {
  vi.useFakeTimers();
  const { pages, all } = startPages(10);
  await shown(pages);
  const sending = { ...(all[0] as SessionSummary), sessionId: 'new', state: 'attempt' as const };
  all.unshift(sending);
  await pages.refresh();
  expect(pages.at(0)).toEqual(sending);
  const accepted = { ...sending, state: 'submitted' as const };
  all[0] = accepted;
  pages.patch({ added: [accepted], changed: [], removed: [] });
  await vi.advanceTimersByTimeAsync(1000);
  expect(pages.at(0)).toEqual(accepted);
  pages.stop();
  vi.useRealTimers();
});

test('rows that match no longer stay until they are asked for anew, and are counted', async () => {
  vi.useFakeTimers();
  const { pages, all } = startPages(10);
  await shown(pages);
  const left = { ...(all[4] as SessionSummary), state: 'attempt' as const };
  all.splice(4, 1);
  pages.patch({ added: [], changed: [left], removed: [] });
  await vi.advanceTimersByTimeAsync(1000);
  expect(pages.state()).toMatchObject({ total: 10, added: 0, gone: 1, finds: 1 });
  expect(pages.at(4)).toEqual(left);
  await pages.refresh();
  expect(pages.state()).toMatchObject({ total: 9, gone: 0 });
  expect(pages.indexOf(left.sessionId)).toBe(null);
  pages.stop();
  vi.useRealTimers();
});

test('a count that was overtaken by a newer one takes no new row back', async () => {
  vi.useFakeTimers();
  const { pages, arrive, hold } = startPages(10);
  await shown(pages);
  arrive('first');
  await vi.advanceTimersByTimeAsync(1000);
  expect(pages.state().added).toBe(1);
  // The view does not follow, so from now on it is only counted.
  const letGo = hold();
  pages.patch({ added: [], changed: [{ ...(pages.at(0) as SessionSummary) }], removed: [] });
  arrive('second');
  await vi.advanceTimersByTimeAsync(100);
  expect(pages.state()).toMatchObject({ added: 2, finds: 2 });
  letGo();
  await vi.advanceTimersByTimeAsync(0);
  expect(pages.state()).toMatchObject({ added: 2, finds: 2 });
  pages.stop();
  vi.useRealTimers();
});

test('of many new rows the total is asked for once a second, and they come in when asked for', async () => {
  vi.useFakeTimers();
  const { pages, all, asked } = startPages(10);
  await shown(pages);
  const [first] = all as [SessionSummary];
  const arrive = (name: string) => {
    const added = Array.from({ length: 25 }, (_, index) => ({ ...first, sessionId: `${name}-${index}` }));
    all.unshift(...added);
    pages.patch({ added, changed: [], removed: [] });
  };
  arrive('early');
  arrive('late');
  await vi.advanceTimersByTimeAsync(999);
  expect(asked).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toHaveLength(3);
  expect(pages.state()).toMatchObject({ total: 10, added: 50 });
  await pages.refresh();
  expect(pages.state()).toMatchObject({ total: 60, added: 0 });
  expect(pages.at(0)?.sessionId).toBe('late-0');
  pages.stop();
  vi.useRealTimers();
});

test('a new session that comes alone is counted at once', async () => {
  vi.useFakeTimers();
  const { pages, all } = startPages(10);
  await shown(pages);
  for (const round of [1, 2]) {
    const [first] = all as [SessionSummary];
    all.unshift({ ...first, sessionId: `new-${round}` });
    pages.patch({ added: [first], changed: [], removed: [] });
    await vi.advanceTimersByTimeAsync(0);
    expect(pages.state().added).toBe(round);
    await vi.advanceTimersByTimeAsync(100);
  }
  pages.stop();
  vi.useRealTimers();
});

test('a view that follows has a new session after one request', async () => {
  vi.useFakeTimers();
  const { pages, asked, arrive } = startPages(10);
  await shown(pages);
  follow(pages);
  for (const name of ['first', 'second']) {
    const before = asked.length;
    arrive(name);
    await vi.advanceTimersByTimeAsync(0);
    expect(pages.at(0)?.sessionId).toBe(name);
    expect(asked.length - before).toBe(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked.length - before).toBe(1);
  }
  expect(pages.state()).toMatchObject({ total: 12, added: 0 });
  pages.stop();
  vi.useRealTimers();
});

test('a view that does not follow has its new sessions counted only, and one that follows again fetches them', async () => {
  vi.useFakeTimers();
  const { pages, asked, arrive } = startPages(10);
  await shown(pages);
  for (const name of ['first', 'second', 'third']) {
    arrive(name);
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(asked.slice(1).map(({ limit }) => limit)).toEqual([pageSize, 0, 0]);
  expect(pages.state()).toMatchObject({ total: 10, added: 3 });
  await pages.refresh();
  follow(pages);
  arrive('fourth');
  await vi.advanceTimersByTimeAsync(0);
  expect(asked.slice(4).map(({ limit }) => limit)).toEqual([pageSize, pageSize]);
  expect(pages.at(0)?.sessionId).toBe('fourth');
  pages.stop();
  vi.useRealTimers();
});

test('a storm is followed by one request a second, and its last session is there at the end', async () => {
  vi.useFakeTimers();
  const { pages, asked, arrive } = startPages(10);
  await shown(pages);
  follow(pages);
  for (let event = 0; event < 60; event += 1) {
    for (let index = 0; index < 25; index += 1) arrive(`${event}-${index}`, index === 24);
    await vi.advanceTimersByTimeAsync(50);
  }
  expect(asked.length).toBeLessThanOrEqual(1 + 4);
  await vi.advanceTimersByTimeAsync(1000);
  expect(pages.at(0)?.sessionId).toBe('59-24');
  expect(pages.state()).toMatchObject({ total: 10 + 60 * 25, added: 0 });
  pages.stop();
  vi.useRealTimers();
});

test('what changes between an answer and the view that asks for it is not lost', async () => {
  vi.useFakeTimers();
  const { pages, all, asked, arrive } = startPages(10);
  await shown(pages);
  arrive('first');
  await vi.advanceTimersByTimeAsync(0);
  all[0] = { ...(all[0] as SessionSummary), submissionAttempts: 9 };
  pages.patch({ added: [], changed: [all[0]], removed: [] });
  await pages.refresh();
  expect(pages.at(0)).toMatchObject({ sessionId: 'first', submissionAttempts: 9 });
  expect(asked.at(-1)).toMatchObject({ offset: 0, limit: pageSize });
  pages.stop();
  vi.useRealTimers();
});

test('an answer that was overtaken by a newer one is left', async () => {
  const { pages, arrive, hold } = startPages(10);
  await shown(pages);
  const letGo = hold();
  const overtaken = pages.refresh();
  arrive('late');
  await pages.refresh();
  letGo();
  await overtaken;
  expect(pages.at(0)?.sessionId).toBe('late');
  pages.stop();
});

test('a change that is heard while its page is on its way is not lost under an older answer', async () => {
  const { pages, all } = startPages(10);
  const [first] = all as [SessionSummary];
  const isShown = shown(pages);
  pages.patch({ added: [], changed: [{ ...first, submissionAttempts: 9 }], removed: [] });
  await isShown;
  expect(pages.at(0)?.submissionAttempts).toBe(9);
  await pages.refresh();
  expect(pages.at(0)).toEqual(first);
  pages.stop();
});

test('what was heard before a page was asked for does not stand above its answer, whatever else is on its way', async () => {
  const { pages, all, hold } = startPages(300);
  await shown(pages);
  const letGo = hold();
  const held = pages.refresh();
  const heard = { ...(all[250] as SessionSummary), submissionAttempts: 7 };
  pages.patch({ added: [], changed: [heard], removed: [] });
  all[250] = { ...heard, submissionAttempts: 8 };
  pages.show(250, 260);
  await vi.waitFor(() => expect(pages.at(250)).toEqual(all[250]), patiently);
  letGo();
  await held;
  pages.stop();
});

test('a view far down has its rows anew when the service is back, and the first ones', async () => {
  const { pages, all, asked } = startPages(1000);
  await shown(pages);
  pages.show(600, 630);
  await vi.waitFor(() => expect(pages.at(600)).toBeDefined(), patiently);
  all[610] = { ...(all[610] as SessionSummary), submissionAttempts: 9 };
  asked.length = 0;
  await pages.refresh();
  expect(asked.map(({ offset }) => offset)).toEqual([0, 600]);
  expect(pages.at(610)?.submissionAttempts).toBe(9);
  pages.stop();
});

test('a row that is gone brings the shown pages anew', async () => {
  const { pages, all } = startPages(20);
  await shown(pages);
  const gone = all.shift()?.sessionId ?? '';
  pages.patch({ added: [], changed: [], removed: [gone, 'unknown'] });
  await vi.waitFor(() => expect(pages.byId(gone)).toBeUndefined(), patiently);
  expect(pages.at(0)).toEqual(all[0]);
  pages.stop();
});

test('a refusal is told and leaves what is here', async () => {
  const { pages, refuse } = startPages(20);
  await shown(pages);
  refuse();
  await pages.refresh();
  expect(pages.state()).toMatchObject({ total: 20, error: 'The service gives no answer.' });
  expect(pages.at(0)).toBeDefined();
});

test('an answer that comes after the view is gone is left', async () => {
  const { pages } = startPages(20);
  pages.start();
  pages.stop();
  await new Promise((done) => setTimeout(done));
  expect(pages.state().total).toBeNull();
});

test('of a hundred thousand rows no more than a few pages are kept', async () => {
  const { pages } = startPages(10_000);
  await shown(pages);
  for (let page = 0; page < 50; page += 1) {
    pages.show(page * pageSize, page * pageSize + 10);
    await vi.waitFor(() => expect(pages.at(page * pageSize)).toBeDefined(), patiently);
  }
  const kept = Array.from({ length: 50 }, (_, page) => pages.at(page * pageSize)).filter((row) => row !== undefined);
  expect(kept.length).toBeLessThanOrEqual(26);
});

function startPages(total: number) {
  const all = sessionsOf('large', 1_790_000_000_000, total);
  const asked: { offset?: number; limit?: number }[] = [];
  let isRefusing = false;
  let held: Promise<void> | null = null;
  /** Keeps the next answer back until it is let go. */
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    return resolve;
  };
  const ask = (async (_name: string, params: { offset?: number; limit?: number }) => {
    asked.push(params);
    if (isRefusing) throw new CourierError('ERR_SERVICE_NOT_RUNNING', 'The service gives no answer.');
    const offset = params.offset ?? 0;
    const answer = { total: all.length, sessions: all.slice(offset, offset + (params.limit ?? 100)) };
    const until = held;
    held = null;
    await until;
    return answer;
  }) as unknown as Ask;
  const pages = new SessionPages(ask, {}, newestFirst);
  /** A new session, told or told with a later one. */
  let untold: SessionSummary[] = [];
  const arrive = (sessionId: string, isTold = true) => {
    const added = { ...(all[0] as SessionSummary), sessionId };
    all.unshift(added);
    untold.push(added);
    if (!isTold) return;
    pages.patch({ added: untold, changed: [], removed: [] });
    untold = [];
  };
  return { pages, asked, all, arrive, hold, refuse: () => (isRefusing = true) };
}
/** As the table does with its top in view. */
function follow(pages: SessionPages): void {
  pages.subscribe(() => {
    if (pages.state().added > 0) void pages.refresh();
  });
}
async function shown(pages: SessionPages): Promise<void> {
  let end = () => {};
  await new Promise<void>((done) => {
    end = pages.subscribe(done);
    pages.start();
  });
  end();
}
