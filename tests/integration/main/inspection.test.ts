/**
 * What the Stately inspector gets of the machines: their states and numbers, and nothing of what sessions hold.
 */
import { request } from 'node:http';
import { assign, createActor, fromPromise, setup } from 'xstate';
import { expect, onTestFinished, test } from 'vitest';
import { sanitized, startInspection } from '../../../src/service/inspection.ts';

const secrets = ['Bearer 4711', 'ZUCKERMANDL', 'MSH|^~', 'https://lis.test/?key=1', '4d5348'];

test('a value keeps numbers, flags and known words; text, lists, bytes, errors and functions stay here', () => {
  const value = {
    state: 'open',
    kind: 'Bearer 4711',
    name: 'ZUCKERMANDL',
    attempts: 3,
    isHeld: true,
    at: null,
    messages: ['MSH|^~'],
    bytes: new Uint8Array([77, 83, 72]),
    error: new Error('ZUCKERMANDL'),
    run: () => 'ZUCKERMANDL',
    underWay: { ZUCKERMANDL: { bytes: 1 } },
    deep: { code: 'ECONNREFUSED', deeper: { deeper: { deeper: { text: 'ZUCKERMANDL' } } } },
    missing: undefined,
  };
  expect(sanitized(value)).toEqual({
    state: 'open',
    kind: '[text]',
    name: '[text]',
    attempts: 3,
    isHeld: true,
    at: null,
    messages: '[1 items]',
    bytes: '[not shown]',
    error: '[not shown]',
    run: '[not shown]',
    underWay: '[1 items]',
    deep: { code: 'ECONNREFUSED', deeper: { deeper: { deeper: '[not shown]' } } },
    missing: '[not shown]',
  });
});

test('nothing of a session, a header or an error leaves with contexts, events, outputs and failures', async () => {
  const inspection = await startInspection(0);
  onTestFinished(() => inspection.stop());
  const stream = await listen(`${inspection.url}events`);
  const machine = setup({
    types: {} as {
      context: Record<string, unknown>;
      events: { type: 'told'; content: string; message: object; body: Uint8Array };
    },
    actors: {
      read: fromPromise<string, { header: string }>(async () => `MSH|^~ ZUCKERMANDL`),
      break: fromPromise(async () => {
        throw new Error('ZUCKERMANDL at https://lis.test/?key=1');
      }),
    },
  }).createMachine({
    id: 'planted',
    context: { destination: 'https://lis.test/?key=1', header: 'Bearer 4711', attempts: 2, messages: ['MSH|^~'] },
    initial: 'reading',
    states: {
      reading: {
        invoke: {
          src: 'read',
          input: { header: 'Bearer 4711' },
          onDone: { target: 'breaking', actions: assign(({ event }) => ({ content: event.output })) },
        },
      },
      breaking: {
        invoke: { src: 'break', onError: { target: 'over', actions: assign(({ event }) => ({ error: event.error })) } },
      },
      over: { on: { told: { actions: assign(({ event }) => ({ ...event })) } } },
    },
  });
  const actor = createActor(machine, { inspect: inspection.inspect }).start();
  await expect.poll(() => actor.getSnapshot().value).toBe('over');
  actor.send({ type: 'told', content: 'ZUCKERMANDL', message: { hexData: '4d5348' }, body: Buffer.from('MSH|^~') });
  await expect.poll(stream.text).toContain('"type":"told"');
  for (const secret of secrets) expect(stream.text()).not.toContain(secret);
  const events = stream.events();
  expect(events.find(({ type, name }) => type === '@xstate.actor' && name === 'planted')).toBeDefined();
  const last = events.findLast(({ type }) => type === '@xstate.snapshot');
  expect(last).toMatchObject({ snapshot: { status: 'active', value: 'over', context: { attempts: 2, header: '[text]' } } });
});

test('a machine that is watched from the middle of its life is introduced first, also to a page opened later', async () => {
  const inspection = await startInspection(0);
  onTestFinished(() => inspection.stop());
  const actor = createActor(
    setup({}).createMachine({ id: 'old', initial: 'a', states: { a: { on: { go: 'b' } }, b: {} } }),
  ).start();
  actor.system.inspect(inspection.inspect);
  actor.send({ type: 'go' });
  const stream = await listen(`${inspection.url}events`);
  await expect
    .poll(() => stream.events())
    .toMatchObject([
      { type: '@xstate.actor', name: 'old' },
      { type: '@xstate.snapshot', snapshot: { value: 'b' } },
    ]);
});

test('only this computer is answered, and only pages of its own', async () => {
  const inspection = await startInspection(0);
  onTestFinished(() => inspection.stop());
  expect(new URL(inspection.url).hostname).toBe('127.0.0.1');
  const page = await fetch(inspection.url);
  expect(await page.text()).toContain('https://stately.ai/inspect');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect((await fetch(`${inspection.url}inspector.js`)).status).toBe(200);
  expect((await fetch(`${inspection.url}other`)).status).toBe(404);
  expect(await statusOf(inspection.url, { host: 'evil.test' })).toBe(404);
  expect(await statusOf(inspection.url, { 'sec-fetch-site': 'cross-site' })).toBe(404);
});

interface Told {
  type: string;
  name?: string;
}

async function listen(url: string) {
  const response = await fetch(url);
  let text = '';
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const read = async () => {
    for (;;) {
      const part = await reader?.read();
      if (part?.value === undefined) return;
      text += part.value;
    }
  };
  void read().catch(() => {});
  const events = () => text.split('\n\n').flatMap((one) => (one.startsWith('data: ') ? [JSON.parse(one.slice(6)) as Told] : []));
  return { text: () => text, events };
}

const statusOf = (url: string, headers: Record<string, string>) =>
  new Promise<number>((resolve, reject) => {
    request(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
