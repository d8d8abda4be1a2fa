/**
 * The bridge of the preload script over a fake of Electron's ipcRenderer.
 */
import { expect, test } from 'vitest';
import { eventNames, requestNames } from '../../../src/common/contract.ts';
import { channels, type ToldEvents } from '../../../src/common/desktop-channels.ts';
import { makeBridge } from '../../../src/preload/bridge.ts';

test('the bridge has a function for every request and event of the contract, and two more', () => {
  const { bridge } = setUp();
  expect(Object.keys(bridge).toSorted()).toEqual([...requestNames, ...eventNames, 'request', 'subscribe'].toSorted());
});

test('a request goes out with its name and payload', async () => {
  const { bridge, invoked } = setUp();
  await bridge.getSession({ sessionId: 'a' });
  await bridge.triggerSubmissionNow();
  await bridge.request('getStatus');
  expect(invoked).toEqual([
    [channels.request, { name: 'getSession', params: { sessionId: 'a' } }],
    [channels.request, { name: 'triggerSubmissionNow', params: undefined }],
    [channels.request, { name: 'getStatus', params: undefined }],
  ]);
});

test('each listener hears its own subscription, until it ends', () => {
  const { bridge, invoked, tell } = setUp();
  const all: string[] = [];
  const settings: unknown[] = [];
  bridge.subscribe(({ name }) => all.push(name));
  const end = bridge.onSettings((payload) => settings.push(payload));
  tell({ subscription: 1, events: [{ name: 'onSettings', payload: {} as never }] });
  tell({ subscription: 2, events: [{ name: 'onSettings', payload: { secretsSet: [] } as never }] });
  tell({ subscription: 9, events: [{ name: 'onSettings', payload: {} as never }] });
  end();
  end();
  tell({ subscription: 2, events: [{ name: 'onSettings', payload: {} as never }] });
  expect(all).toEqual(['onSettings']);
  expect(settings).toEqual([{ secretsSet: [] }]);
  expect(invoked).toEqual([
    [channels.subscribe, { subscription: 1, names: null }],
    [channels.subscribe, { subscription: 2, names: ['onSettings'] }],
    [channels.unsubscribe, { subscription: 2 }],
  ]);
});

function setUp() {
  const invoked: unknown[] = [];
  let told: (event: unknown, events: ToldEvents) => void = () => {};
  const bridge = makeBridge({
    invoke: async (...given) => {
      invoked.push(given);
      throw new Error('the host is ending');
    },
    on: (_channel, listener) => (told = listener),
  });
  const answered = { ...bridge };
  for (const name of [...requestNames, 'request'] as const) {
    const original = bridge[name] as (...given: unknown[]) => Promise<unknown>;
    Object.assign(answered, { [name]: (...given: unknown[]) => original(...given).catch(() => null) });
  }
  return { bridge: answered, invoked, tell: (events: ToldEvents) => told({}, events) };
}
