/**
 * The collector as a process with a real SQLite file: who is first, what a crash leaves, and how it starts and ends.
 */
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bodyOf, post } from '../../support/collector-bodies.ts';
import { runCollectorProcess, startCollectorProcess } from '../../support/collector-process.ts';
import type { CollectorProcess } from '../../support/collector-process.ts';
import { until } from '../../support/courier-process.ts';

let folder: string;
let db: string;
let running: CollectorProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'courier-collector-'));
  db = join(folder, 'data', 'collector.db');
  running = [];
});
afterEach(async () => {
  for (const collector of running) await collector.end('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test('of fifty POSTs of one session at the same time exactly one is the first', async () => {
  const { endpoint, url } = await started();
  const answers = await Promise.all(Array.from({ length: 50 }, () => post(endpoint, bodyOf('s1'))));
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 49 }, () => 200), 201]);
  expect(await (await fetch(`${url}/api/count`)).json()).toEqual({ count: 1, repeats: 49, differing: 0 });
});

test('of fifty POSTs at two collectors on one file exactly one is the first', async () => {
  const both = [await started(), await started()];
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => post(both[index % 2]?.endpoint ?? '', bodyOf('s1'))),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(49);
});

test('a session that was answered with 201 survives the death of the collector', async () => {
  const collector = await started();
  const ids = Array.from({ length: 40 }, (_, index) => `s${index}`);
  const accepted: string[] = [];
  const sending = Promise.allSettled(
    ids.map(async (id) => {
      const answer = await post(collector.endpoint, bodyOf(id));
      accepted.push(id);
      if (accepted.length === 10) await collector.end('SIGKILL');
      expect(answer.status).toBe(201);
    }),
  );
  await sending;
  expect(accepted.length).toBeGreaterThanOrEqual(10);
  const again = await started();
  for (const id of accepted) expect((await fetch(`${again.url}/api/sessions/${id}`)).status).toBe(200);
  for (const id of ids) expect((await post(again.endpoint, bodyOf(id))).ok).toBe(true);
  expect(await (await fetch(`${again.url}/api/count`)).json()).toMatchObject({ count: 40, differing: 0 });
});

test('SIGTERM and SIGINT end it with 0, after what is under way was answered', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const collector = await started();
    const { port } = new URL(collector.url);
    const socket = connect(Number(port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    const text = JSON.stringify(bodyOf(`at-${signal}`));
    socket.write(
      `POST /sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n{`,
    );
    await once(socket, 'connect');
    // The collector has the beginning of the request once it answers another one that came later.
    await fetch(`${collector.url}/healthz`);
    const ended = collector.end(signal);
    socket.write(text.slice(1));
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 201 /);
    expect(await ended).toBe(0);
    expect(collector.said()).not.toContain('cut off');
  }
});

test('the file is readable by its owner only, and kept over a restart', async () => {
  const first = await started();
  await post(first.endpoint, bodyOf('s1'));
  if (process.platform !== 'win32') expect(statSync(db).mode & 0o777).toBe(0o600);
  expect(await first.end()).toBe(0);
  const second = await started();
  expect((await post(second.endpoint, bodyOf('s1'))).status).toBe(200);
});

test('authorization from flag or environment is asked for, and shown nowhere', async () => {
  for (const [args, environment] of [
    [['--authorization', 'Bearer s3cret'], {}],
    [[], { HL7_COLLECTOR_AUTHORIZATION: 'Bearer s3cret' }],
  ] as const) {
    const collector = await started(args, environment);
    expect((await post(collector.endpoint, bodyOf('s1'))).status).toBe(401);
    expect((await post(collector.endpoint, bodyOf('s1'), { Authorization: 'Bearer s3cret' })).ok).toBe(true);
    expect((await fetch(collector.url)).status).toBe(401);
    expect((await fetch(`${collector.url}/healthz`)).status).toBe(200);
    expect(collector.said()).not.toContain('s3cret');
  }
});

test('a body over the limit gets its 413 through, whether its size is announced or not', async () => {
  const { endpoint, url } = await started(['--max-body-mb', '1']);
  const large = JSON.stringify(bodyOf('large', { messages: ['x'.repeat(8_000_000)] }));
  const announced = await post(endpoint, large);
  expect([announced.status, (await announced.json()).code]).toEqual([413, 'body_too_large']);
  const streamed = await fetch(endpoint, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: new Blob([large]).stream(),
    duplex: 'half',
  } as RequestInit);
  expect([streamed.status, (await streamed.json()).code]).toEqual([413, 'body_too_large']);
  expect(await (await fetch(`${url}/api/count`)).json()).toMatchObject({ count: 0 });
});

test('a body that is cut short keeps nothing, and the collector goes on', async () => {
  const { endpoint, url } = await started();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.end(
    'POST /sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"sessionId":"cut"',
  );
  socket.resume();
  await once(socket, 'close');
  expect(await (await fetch(`${url}/api/count`)).json()).toMatchObject({ count: 0 });
  expect((await post(endpoint, bodyOf('s1'))).status).toBe(201);
});

test('a session of 50 MB is taken whole', async () => {
  const { endpoint, url } = await started();
  const body = bodyOf('huge', { messages: ['ü'.repeat(25_000_000)] });
  expect((await post(endpoint, body)).status).toBe(201);
  expect(await (await fetch(`${url}/api/sessions/huge`)).json()).toEqual(body);
});

test('a wrong flag is one sentence and exit 2, --help goes to stdout', async () => {
  expect(await runCollectorProcess(['--prot', '1'])).toEqual({
    code: 2,
    stdout: '',
    stderr: 'There is no flag --prot; --help lists them.\n',
  });
  expect(await runCollectorProcess(['--help'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Usage: hl7-courier collector'),
    stderr: '',
  });
});

test('a port that is taken is one sentence and exit 1', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { code, stderr } = await runCollectorProcess(['--port', String(port), '--db', db]);
  other.close();
  expect([code, stderr]).toEqual([
    1,
    `The collector cannot listen on 127.0.0.1, port ${port} (EADDRINUSE); choose others with --host and --port.\n`,
  ]);
});

test('a file that is no database, or another program’s, is one sentence and exit 1, and stays as it is', async () => {
  const text = join(folder, 'text.db');
  writeFileSync(text, 'no database, but a text that is long enough to be read as the head of one: '.repeat(20));
  const before = readFileSync(text);
  const refused = await runCollectorProcess(['--port', '0', '--db', text]);
  expect([refused.code, refused.stderr]).toEqual([1, `${text} cannot be used as a database: file is not a database.\n`]);
  expect(readFileSync(text)).toEqual(before);

  const foreign = join(folder, 'foreign.db');
  withDatabase(foreign, 'CREATE TABLE sessions (id INTEGER)');
  expect(await runCollectorProcess(['--port', '0', '--db', foreign])).toMatchObject({
    code: 1,
    stderr: `${foreign} is the database of another program; name another file.\n`,
  });

  const newer = join(folder, 'newer.db');
  await (await started(['--db', newer])).end();
  withDatabase(newer, 'PRAGMA user_version = 99');
  expect(await runCollectorProcess(['--port', '0', '--db', newer])).toMatchObject({
    code: 1,
    stderr: `${newer} was written by a newer version of the collector; use that version or name another file.\n`,
  });
});

test('a full disk is a 503 that keeps nothing, and the collector goes on', async () => {
  const collector = await started();
  await post(collector.endpoint, bodyOf('s1'));
  await collector.end();
  // SQLite's own bound on pages stands in for the disk: it fails with the same error, "database or disk is full".
  const { openSqliteStorage } = await import('../../../src/collector/sqlite-storage.ts');
  const { receivedSession } = await import('../../../src/collector/session-body.ts');
  const storage = openSqliteStorage(db, { pagesMax: 20 });
  const session = (id: string, length: number) =>
    receivedSession(Buffer.from(JSON.stringify(bodyOf(id, { messages: ['x'.repeat(length)] }))), 1);
  const results = await Promise.allSettled([storage.accept(session('small', 1)), storage.accept(session('large', 1_000_000))]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await storage.accept(session('small', 1))).toEqual({ duplicate: false, receivedAt: 1 });
  expect((await storage.totals()).count).toBe(2);
  await storage.close();
});

test('an address that others can reach, without authorization, is warned about', async () => {
  const collector = await started(['--host', '0.0.0.0']);
  // What it says on stderr comes on another way than the address on stdout that was waited for.
  await until('it is said', () => collector.said().includes('Everyone who reaches this address can read and add sessions'));
});

async function started(args: readonly string[] = [], environment: NodeJS.ProcessEnv = {}): Promise<CollectorProcess> {
  const collector = await startCollectorProcess(['--db', db, ...args], environment);
  running.push(collector);
  return collector;
}

function withDatabase(file: string, statement: string): void {
  const database = new DatabaseSync(file);
  database.exec(statement);
  database.close();
  chmodSync(file, 0o600);
}
