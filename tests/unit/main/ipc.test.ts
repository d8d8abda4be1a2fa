/**
 * The contract over IPC, with fakes of Electron's two ends: who may speak, what may be said, what is told to whom.
 */
import { expect, test } from 'vitest';
import type { CourierApi, CourierEvent } from '../../../src/common/contract.ts';
import { channels, type ToldEvents } from '../../../src/common/desktop-channels.ts';
import { CourierError } from '../../../src/common/errors.ts';
import { answerIpc, type Invocation, type Listener } from '../../../src/main/ipc.ts';
import { isOwnPage, isOwnSender } from '../../../src/main/own-page.ts';

const own = 'app://console/index.html';

test.each([
  [own, true],
  ['app://console/index.html#/sessions?open=1', true],
  ['app://other/index.html', false],
  ['app://console.evil/index.html', false],
  ['app://user@console/index.html', false],
  ['https://console/index.html', false],
  ['file:///opt/hl7-courier/out/renderer/index.html', false],
  ['data:text/html,x', false],
  ['about:blank', false],
  ['', false],
  ['http://localhost:5173/', false],
])('without a development server %s is ours: %s', (address, isOurs) => {
  expect(isOwnPage(address, null)).toBe(isOurs);
});

test('in development the server of the console is ours too, and no other port', () => {
  expect(isOwnPage('http://localhost:5173/#/log', 'http://localhost:5173')).toBe(true);
  expect(isOwnPage('http://localhost:5174/', 'http://localhost:5173')).toBe(false);
});

test.each([
  ['the main frame of the console', { url: own, parent: null }, 1, true],
  ['a frame inside it', { url: own, parent: { url: own } }, 1, false],
  ['a page of another origin', { url: 'https://example.test/', parent: null }, 1, false],
  ['another window', { url: own, parent: null }, 2, false],
  ['a frame that is gone', null, 1, false],
])('%s may speak: $3', (_who, senderFrame, id, mayspeak) => {
  expect(isOwnSender({ senderFrame, sender: { id } }, { devServer: null, isConsole: (one) => one === 1 })).toBe(mayspeak);
});

test('a foreign sender is refused on every channel, and nothing is asked of the service', async () => {
  const { invoke, asked, warnings } = setUp({ isOwn: false });
  for (const channel of [channels.request, channels.subscribe, channels.unsubscribe])
    expect(await invoke(channel, { name: 'getStatus', params: {}, subscription: 1, names: null })).toEqual({
      error: { code: 'ERR_ORIGIN_FOREIGN', message: 'Only the console of HL7 Courier may use this service.' },
    });
  expect(asked).toEqual([]);
  expect(warnings).toHaveLength(3);
});

test.each([undefined, null, 7, 'getStatus', {}, { name: 7 }, { name: 'toString' }, { name: 'hasOwnProperty' }, []])(
  'a request that is %j is refused',
  async (given) => {
    const { invoke, asked } = setUp();
    expect(await invoke(channels.request, given)).toMatchObject({ error: { code: 'ERR_REQUEST_UNKNOWN' } });
    expect(asked).toEqual([]);
  },
);

test('a payload is checked before the service sees it, and a missing one is an empty one', async () => {
  const { invoke, asked } = setUp();
  expect(await invoke(channels.request, { name: 'getSession', params: { sessionId: '../x' } })).toMatchObject({
    error: { code: 'ERR_PAYLOAD_INVALID' },
  });
  expect(await invoke(channels.request, { name: 'getSession', params: new Map([['sessionId', 'x']]) })).toMatchObject({
    error: { code: 'ERR_PAYLOAD_INVALID' },
  });
  expect(await invoke(channels.request, { name: 'triggerSubmissionNow' })).toEqual({ answered: 'triggerSubmissionNow' });
  expect(asked).toEqual([['triggerSubmissionNow', {}]]);
});

test('what breaks inside crosses without its words, a refusal with them', async () => {
  const { invoke, errors } = setUp({
    request: async (name) => {
      if (name === 'getStatus') throw new Error('/home/anna/patient.json');
      throw new CourierError('ERR_STATE_CONFLICT', 'Not now.');
    },
  });
  expect(JSON.stringify(await invoke(channels.request, { name: 'getStatus' }))).not.toContain('anna');
  expect(errors).toHaveLength(1);
  expect(await invoke(channels.request, { name: 'getLog' })).toEqual({
    error: { code: 'ERR_STATE_CONFLICT', message: 'Not now.' },
  });
});

test('what is told in one turn goes out as one message, and only what was asked for', async () => {
  const { invoke, tell, sent } = setUp();
  await invoke(channels.subscribe, { subscription: 1, names: null });
  await invoke(channels.subscribe, { subscription: 2, names: ['onSettings'] });
  tell(progress(1));
  tell(progress(2));
  await new Promise(setImmediate);
  expect(sent).toEqual([{ subscription: 1, events: [progress(1), progress(2)] }]);
  await invoke(channels.unsubscribe, { subscription: 1 });
  tell(progress(3));
  await new Promise(setImmediate);
  expect(sent).toHaveLength(1);
});

test('a reload, a broken page and a closed window end what they listened to; a change of screen does not', async () => {
  for (const [event, details, isEnd] of [
    ['did-start-navigation', { isMainFrame: true, isSameDocument: false }, true],
    ['did-start-navigation', { isMainFrame: true, isSameDocument: true }, false],
    ['did-start-navigation', { isMainFrame: false, isSameDocument: false }, false],
    ['render-process-gone', undefined, true],
    ['destroyed', undefined, true],
  ] as const) {
    const { invoke, sender, listeners } = setUp();
    await invoke(channels.subscribe, { subscription: 1, names: null });
    expect(listeners.size).toBe(1);
    sender.happen(event, details);
    expect(listeners.size).toBe(isEnd ? 0 : 1);
  }
});

test.each([
  undefined,
  { subscription: 'x', names: null },
  { subscription: 1, names: ['constructor'] },
  { subscription: 1, names: 'onStatus' },
  { subscription: 1 },
])('a subscription that is %j is refused', async (given) => {
  const { invoke, listeners } = setUp();
  expect(await invoke(channels.subscribe, given)).toMatchObject({ error: { code: 'ERR_PAYLOAD_INVALID' } });
  expect(listeners.size).toBe(0);
});

test('a page that subscribes without end is stopped, and the same number twice is one subscription', async () => {
  const { invoke, listeners } = setUp();
  await invoke(channels.subscribe, { subscription: 1, names: null });
  await invoke(channels.subscribe, { subscription: 1, names: null });
  expect(listeners.size).toBe(1);
  for (let subscription = 2; subscription <= 64; subscription++) await invoke(channels.subscribe, { subscription, names: null });
  expect(await invoke(channels.subscribe, { subscription: 65, names: null })).toMatchObject({
    error: { code: 'ERR_STATE_CONFLICT' },
  });
  expect(listeners.size).toBe(64);
});

const progress = (inFlight: number): CourierEvent => ({
  name: 'onSubmissionProgress',
  payload: { inFlight, queueSize: 0, activeWorker: true },
});

class FakeContents implements Listener {
  readonly id = 1;
  readonly sent: ToldEvents[] = [];
  readonly #listeners = new Map<string, ((details: never) => void)[]>();
  send = (_channel: string, told: ToldEvents) => void this.sent.push(told);
  isDestroyed = () => false;
  on(event: string, listener: (details: never) => void): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }
  happen(event: string, details: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(details as never);
  }
}

function setUp({ isOwn = true, request }: { isOwn?: boolean; request?: (name: string) => Promise<unknown> } = {}) {
  const handlers = new Map<string, (event: Invocation, given: unknown) => unknown>();
  const listeners = new Set<(event: CourierEvent) => void>();
  const asked: unknown[] = [];
  const [warnings, errors]: string[][] = [[], []];
  const sender = new FakeContents();
  const api = {
    request: async (name: string, params: unknown) => {
      asked.push([name, params]);
      return request === undefined ? { answered: name } : request(name);
    },
    subscribe(listener: (event: CourierEvent) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as CourierApi;
  answerIpc({
    ipc: { handle: (channel, handler) => void handlers.set(channel, handler) },
    api,
    isOwnSender: () => isOwn,
    log: { warn: (_fields, message) => warnings?.push(message), error: (_fields, message) => errors?.push(message) },
  });
  const invoke = async (channel: string, given: unknown) =>
    handlers.get(channel)?.({ senderFrame: { url: own, parent: null }, sender }, given);
  const tell = (event: CourierEvent) => listeners.forEach((listener) => listener(event));
  return { invoke, tell, asked, warnings, errors, sender, listeners, sent: sender.sent };
}
