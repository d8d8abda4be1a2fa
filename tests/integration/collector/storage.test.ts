/**
 * Both storages hold the same promises, and the collector carries either.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startCollector } from '../../../src/collector/collector.ts';
import { openStorage } from '../../../src/collector/open-storage.ts';
import { receivedSession } from '../../../src/collector/session-body.ts';
import type { CollectorStorage } from '../../../src/collector/storage.ts';
import { bodyOf, post } from '../../support/collector-bodies.ts';
import type { Body } from '../../support/collector-bodies.ts';
import { postgresMissing, startPostgres } from '../../support/postgres.ts';
import type { TestPostgres } from '../../support/postgres.ts';

let folder: string;
let postgres: TestPostgres | null = null;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'courier-storage-'));
  if (postgresMissing === null) postgres = await startPostgres();
  else console.log(postgresMissing);
});
afterAll(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(['SQLite', 'PostgreSQL'] as const)('%s', (kind) => {
  let storage: CollectorStorage;
  beforeEach(async (context) => {
    if (kind === 'PostgreSQL' && postgres === null) return context.skip(postgresMissing ?? undefined);
    storage = await openStorage(kind === 'SQLite' ? join(folder, 'storage.db') : (postgres?.url ?? ''), () => {});
  });
  afterEach(() => storage?.close());

  test('the first one is kept, repeats are counted, and those with other content too', async () => {
    const first = sessionOf('a', 10);
    expect(await storage.accept(first)).toEqual({ duplicate: false, receivedAt: 10 });
    expect(await storage.accept(sessionOf('a', 20))).toEqual({ duplicate: true, differs: false, receivedAt: 10 });
    expect(await storage.accept(sessionOf('a', 30, { lisIP: '' }))).toEqual({ duplicate: true, differs: true, receivedAt: 10 });
    const { body, digest: _digest, ...summary } = first;
    expect(await storage.find('a')).toEqual({ session: { ...summary, repeats: 2, differing: 1 }, body });
    expect(await storage.find('A')).toBeNull();
    expect(await storage.totals()).toEqual({ count: 1, repeats: 2, differing: 1 });
    await storage.check();
  });

  test('what was kept is there after the database was opened anew, newest first, in pages', async () => {
    for (const id of ['b', 'c', 'd']) await storage.accept(sessionOf(id, 40));
    const { total, sessions } = await storage.list({ text: '', offset: 1, limit: 2 });
    expect([total, ...sessions.map(({ sessionId }) => sessionId)]).toEqual([4, 'c', 'b']);
    expect(await storage.list({ text: '%', offset: 0, limit: 10 })).toEqual({ total: 0, sessions: [] });
    expect((await storage.list({ text: 'chem-1', offset: 0, limit: 1 })).total).toBe(4);
  });

  test('a collector on it answers, closes, and leaves the port to the next one', async () => {
    const options = {
      host: 'localhost',
      path: '/in',
      authorization: '',
      bodyLimitBytes: 1024 * 1024,
      log: () => {},
      db: kind === 'SQLite' ? join(folder, 'storage.db') : (postgres?.url ?? ''),
    };
    const collector = await startCollector({ ...options, port: 0 });
    expect(collector.database).toBe(kind);
    expect((await post(collector.endpoint, bodyOf('a'))).status).toBe(200);
    const { port } = new URL(collector.url);
    await expect(startCollector({ ...options, port: Number(port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await collector.close();
    await (await startCollector({ ...options, port: Number(port) })).close();
  });
});

test('sessions that wait when the storage is closed are kept', async () => {
  const file = join(folder, 'closing.db');
  const storage = await openStorage(file, () => {});
  const receipt = storage.accept(sessionOf('late', 1));
  await storage.close();
  expect(await receipt).toEqual({ duplicate: false, receivedAt: 1 });
  const again = await openStorage(file, () => {});
  expect((await again.totals()).count).toBe(1);
  await again.close();
});

test('a folder that cannot hold the file is one sentence', async () => {
  await expect(openStorage(join(process.execPath, 'x.db'), () => {})).rejects.toMatchObject({
    code: 'ERR_ARGUMENT_INVALID',
    message: expect.stringContaining('x.db cannot be used as a database: '),
  });
});

test('a collector ends when the process that started it over an IPC channel goes away', async () => {
  const main = resolve(import.meta.dirname, '../../../src/collector/main.ts');
  const child = spawn(process.execPath, [main, '--port', '0', '--db', ':memory:', '--json'], {
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  });
  const ended = once(child, 'exit');
  if (child.stdout === null) throw new Error('no stdout');
  await once(child.stdout, 'data');
  child.disconnect();
  expect(await ended).toEqual([0, null]);
});

function sessionOf(id: string, receivedAt: number, change: Partial<Body> = {}) {
  return receivedSession(Buffer.from(JSON.stringify(bodyOf(id, change))), receivedAt);
}
