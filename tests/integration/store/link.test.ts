/**
 * Calls to a thread: answers, errors, and a thread that dies.
 * May import: src/service/store.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { CourierError } from '../../../src/common/errors.ts';
import { inlineLink, serveThread, threadLink, withTransfer } from '../../../src/service/store/link.ts';
import { temporaryFolder } from '../../support/spawned.ts';

interface Calls {
  double(params: { value: number }): number;
  bytes(params: { length: number }): Uint8Array;
  fail(params: { how: string }): never;
  note(params: { value: number }): void;
  noted(params: object): number[];
  never(params: object): Promise<void>;
  exit(params: object): void;
  crash(params: object): void;
}

const root = new URL('../../../', import.meta.url);
const source = `
import { CourierError } from '${new URL('src/common/errors.ts', root).href}';
import { serveThread, withTransfer } from '${new URL('src/service/store/link.ts', root).href}';
const notes = [];
serveThread({
  note: ({ value }) => { notes.push(value); },
  noted: () => notes,
  double: async ({ value }) => value * 2,
  bytes: ({ length }) => { const bytes = new Uint8Array(length); return withTransfer(bytes, [bytes.buffer]); },
  fail: ({ how }) => {
    if (how === 'courier') throw new CourierError('ERR_STORE_WRITE_FAILED', 'no', { cause: Object.assign(new Error('full'), { code: 'ENOSPC' }) });
    if (how === 'plain') throw new TypeError('plain');
    throw how;
  },
  never: () => new Promise(() => {}),
  exit: () => process.exit(7),
  crash: () => { setImmediate(() => { throw new Error('a bug'); }); },
});
`;

function startThread() {
  const file = join(temporaryFolder(), 'thread.mjs');
  writeFileSync(file, source);
  const died: Error[] = [];
  const link = threadLink<Calls>(pathToFileURL(file), { name: 'test', workerData: {}, onDied: (error) => died.push(error) });
  onTestFinished(() => link.close());
  return { link, died };
}

test('calls of one turn are answered each on its own', async () => {
  const { link } = startThread();
  expect(await Promise.all([1, 2, 3].map((value) => link.call('double', { value })))).toEqual([2, 4, 6]);
  expect(await link.call('bytes', { length: 5 })).toEqual(new Uint8Array(5));
});

test('what is told gets no answer, keeps its turn among the calls, and fails in silence', async () => {
  const { link, died } = startThread();
  link.tell('note', { value: 1 });
  link.tell('fail', { how: 'plain' });
  link.tell('note', { value: 2 });
  expect(await link.call('noted', {})).toEqual([1, 2]);
  expect(died).toEqual([]);
  await link.close();
  link.tell('note', { value: 3 });
});

test('an error keeps its class, code and cause', async () => {
  const { link } = startThread();
  const error: unknown = await link.call('fail', { how: 'courier' }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CourierError);
  expect(error).toMatchObject({ code: 'ERR_STORE_WRITE_FAILED', message: 'no', cause: { code: 'ENOSPC', message: 'full' } });
  await expect(link.call('fail', { how: 'plain' })).rejects.toThrow('plain');
  await expect(link.call('fail', { how: 'text' })).rejects.toThrow('text');
});

test.each([
  ['exit', 'exit code 7'],
  ['crash', 'error'],
] as const)('a thread that dies (%s) rejects what waits for it and is reported once', async (how, because) => {
  const { link, died } = startThread();
  const waiting = link.call('never', {});
  link.call(how, {}).catch(() => {});
  await expect(waiting).rejects.toThrow(`the thread "test" ended unexpectedly (${because}); restart the service`);
  await expect(link.call('double', { value: 1 })).rejects.toThrow('ended unexpectedly');
  expect(died).toHaveLength(1);
});

test('a closed thread rejects what waits for it and is not reported', async () => {
  const { link, died } = startThread();
  const waiting = link.call('never', {});
  const rejected = expect(waiting).rejects.toThrow('the thread "test" was closed');
  await link.close();
  await rejected;
  expect(died).toEqual([]);
});

test('a handler answers through any port, what is thrown as what it is', async () => {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  const bytes = new Uint8Array(8);
  serveThread<Calls>(
    {
      double: ({ value }) => value * 2,
      bytes: () => withTransfer(bytes, [bytes.buffer]),
      fail: ({ how }) => {
        if (how === 'courier') throw new CourierError('ERR_INTERNAL', 'no', { cause: new Error('why') });
        // What a program throws need not be an error.
        throw how;
      },
      note: () => {},
      noted: () => [],
      never: () => Promise.resolve(),
      exit: () => {},
      crash: () => {},
    },
    port2,
  );
  const answers: { number: number }[] = [];
  port1.on('message', (some: { number: number }[]) => answers.push(...some));
  port1.postMessage([
    // What is told is not answered.
    { number: 0, name: 'note', params: { value: 4 } },
    { number: 0, name: 'fail', params: { how: 'text' } },
    { number: 1, name: 'double', params: { value: 4 } },
    { number: 2, name: 'bytes', params: { length: 8 } },
    { number: 3, name: 'fail', params: { how: 'courier' } },
    { number: 4, name: 'fail', params: { how: 'text' } },
    { number: 5, name: 'exit', params: {} },
  ]);
  await vi.waitFor(() => expect(answers).toHaveLength(5), { timeout: 60_000 });
  expect(answers.sort((a, b) => a.number - b.number)).toEqual([
    { number: 1, result: 8 },
    { number: 2, result: new Uint8Array(8) },
    {
      number: 3,
      error: { message: 'no', code: 'ERR_INTERNAL', isCourierError: true, cause: { message: 'why', isCourierError: false } },
    },
    { number: 4, error: { message: 'text', isCourierError: false } },
    { number: 5, result: undefined },
  ]);
  expect(bytes).toHaveLength(0);
});

test('the same handler answers without a thread', async () => {
  const notes: number[] = [];
  const link = inlineLink<Pick<Calls, 'double' | 'note' | 'never'>>({
    double: ({ value }) => value * 2,
    note: ({ value }) => void notes.push(value),
    never: () => Promise.reject(new Error('a bug')),
  });
  expect(await link.call('double', { value: 4 })).toBe(8);
  link.tell('never', {});
  link.tell('note', { value: 5 });
  expect(notes).toEqual([5]);
  await link.close();
});
