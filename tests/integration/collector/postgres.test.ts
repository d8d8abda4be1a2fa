/**
 * Collectors on one real PostgreSQL.
 */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openPostgresStorage } from '../../../src/collector/postgres-storage.ts';
import { receivedSession } from '../../../src/collector/session-body.ts';
import { bodyOf, post } from '../../support/collector-bodies.ts';
import { runCollectorProcess, startCollectorProcess } from '../../support/collector-process.ts';
import type { CollectorProcess } from '../../support/collector-process.ts';
import { postgresMissing, startPostgres } from '../../support/postgres.ts';
import type { TestPostgres } from '../../support/postgres.ts';

let postgres: TestPostgres | null = null;
let db = '';
let running: CollectorProcess[] = [];

beforeAll(async () => {
  if (postgresMissing === null) postgres = await startPostgres();
  else console.log(postgresMissing);
});
afterAll(() => postgres?.stop());
beforeEach(async (context) => {
  if (postgres === null) return context.skip(postgresMissing ?? undefined);
  db = await newDatabase('UTF8');
});
afterEach(async () => {
  for (const collector of running) await collector.end('SIGKILL');
  running = [];
});

describe('several collectors on one PostgreSQL', () => {
  test('four that start at the same time on an empty database all run', async () => {
    const all = await Promise.all([started(), started(), started(), started()]);
    for (const { url } of all)
      expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok', database: 'PostgreSQL' });
  });

  test('of fifty POSTs of one session, spread over two, exactly one is the first', async () => {
    const both = [await started(), await started()] as const;
    for (const id of ['s1', 's2', 's3']) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) => post(both[index % 2 === 0 ? 0 : 1].endpoint, bodyOf(id))),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 49 }, () => 200), 201]);
    }
    for (const { url } of both)
      expect(await (await fetch(`${url}/api/count`)).json()).toEqual({ count: 3, repeats: 147, differing: 0 });
  });

  test('what one took the other one shows, and a repeat with other content is told by either', async () => {
    const [one, other] = [await started(), await started()];
    const body = bodyOf('s1', { messages: ['MSH|^~\\&|HÄMA-1||||||ORU^R01|1\rOBX|\u0000\u2028🩸\uD800'] });
    expect((await post(one.endpoint, body)).status).toBe(201);
    expect(await (await fetch(`${other.url}/api/sessions/s1`)).text()).toBe(JSON.stringify(body));
    expect(await (await post(other.endpoint, bodyOf('s1'))).json()).toMatchObject({ duplicate: true, differs: true });
    expect(await (await fetch(`${other.url}/?q=hÄma`)).text()).toContain('Repeat differs (1 of 1)');
    expect((await fetch(`${one.url}/sessions/s1`)).status).toBe(200);
    expect((await fetch(`${one.url}/sessions/s2`)).status).toBe(404);
    const listed = await (await fetch(`${one.url}/api/sessions?q=ORU^R01&limit=1`)).json();
    expect(listed).toMatchObject({
      total: 1,
      sessions: [{ sessionId: 's1', device: 'HÄMA-1', startTime: body.startTime, repeats: 1 }],
    });
    expect(typeof listed.sessions[0].receivedAt).toBe('number');
  });

  test('a session that was answered with 201 survives the death of its collector', async () => {
    const one = await started();
    expect((await post(one.endpoint, bodyOf('s1'))).status).toBe(201);
    await one.end('SIGKILL');
    expect((await post((await started()).endpoint, bodyOf('s1'))).status).toBe(200);
  });

  test('when the database goes away the answer is 503, and when it is back all is well again', async () => {
    const collector = await started();
    await post(collector.endpoint, bodyOf('s1'));
    await administer(`ALTER DATABASE ${nameOf(db)} ALLOW_CONNECTIONS false`);
    await administer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${nameOf(db)}'`);
    // The first request may still meet the connection that has just ended.
    const answers = [await post(collector.endpoint, bodyOf('s2')), await post(collector.endpoint, bodyOf('s2'))];
    expect(answers.map(({ status }) => status)).toEqual([503, 503]);
    expect((await fetch(`${collector.url}/healthz`)).status).toBe(503);
    await administer(`ALTER DATABASE ${nameOf(db)} ALLOW_CONNECTIONS true`);
    expect((await post(collector.endpoint, bodyOf('s2'))).status).toBe(201);
    expect((await fetch(`${collector.url}/healthz`)).status).toBe(200);
    expect(await collector.end()).toBe(0);
  });

  test('a database that does not wait for its disk is made to', async () => {
    await administer(`ALTER DATABASE ${nameOf(db)} SET synchronous_commit = off`);
    const storage = await openPostgresStorage(db, () => {});
    await storage.accept(receivedSession(Buffer.from(JSON.stringify(bodyOf('s1'))), 1));
    await administer(
      `CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.device := current_setting('synchronous_commit'); RETURN NEW; END $$`,
      db,
    );
    await administer('CREATE TRIGGER kept BEFORE INSERT ON hl7_courier_sessions FOR EACH ROW EXECUTE FUNCTION kept()', db);
    await storage.accept(receivedSession(Buffer.from(JSON.stringify(bodyOf('s2'))), 1));
    expect((await storage.find('s2'))?.session.device).toBe('on');
    await storage.close();
  });
});

describe('a database that cannot be used', () => {
  test('is one sentence without the password, and exit 1', async () => {
    const missing = `${(postgres?.url ?? '').replace('courier@', 'courier:s3cret@').replace(/[^/]*$/, '')}missing`;
    const { host } = new URL(missing);
    const refused = await runCollectorProcess(['--port', '0', '--db', missing]);
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr: `The PostgreSQL database ${host}/missing cannot be used: database "missing" does not exist (3D000).\n`,
    });
    const unheard = await runCollectorProcess(['--port', '0', '--db', 'postgres://courier:s3cret@127.0.0.1:1/lab']);
    expect([unheard.code, unheard.stderr]).toEqual([
      1,
      'The PostgreSQL database 127.0.0.1:1/lab cannot be used: connect ECONNREFUSED 127.0.0.1:1 (ECONNREFUSED).\n',
    ]);
  });

  test('because it is not UTF-8 is told so', async () => {
    const latin = await newDatabase('LATIN1');
    expect((await runCollectorProcess(['--port', '0', '--db', latin])).stderr).toContain(
      'cannot be used: it stores text as LATIN1, and a collector needs UTF8.',
    );
  });
});

async function started(): Promise<CollectorProcess> {
  const collector = await startCollectorProcess(['--db', db]);
  running.push(collector);
  return collector;
}

const nameOf = (url: string) => new URL(url).pathname.slice(1);

async function administer(statement: string, url = postgres?.url ?? ''): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}

async function newDatabase(encoding: string): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(`CREATE DATABASE ${name} ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`);
  return (postgres?.url ?? '').replace(/[^/]*$/, name);
}
