/**
 * Ends that nobody planned: a signal during a POST, the process killed in the middle, two of them on one folder, a disk
 * that is full. No session is lost, and what may be sent twice is bounded.
 * May import: tests/support.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  hasNoSignals,
  courierEntry,
  oneObject,
  plainEnvironment,
  runCourier,
  setOptions,
  startCourier,
  startService,
  submitJson,
  type SubmitResult,
  until,
} from '../../support/courier-process.ts';
import { type Post, startEndpoint } from '../../support/scripted-endpoint.ts';
import { dropSessions, makeDataDir, outcomes, readStored, statusCounts } from '../../support/session-folder.ts';

describe.skipIf(hasNoSignals)('a signal', { concurrent: true }, () => {
  test.for(['SIGTERM', 'SIGINT'] as const)(
    '%s during a POST: the answer is waited for and recorded, the rest stays pending, exit 3 with the JSON',
    async (signal, { onTestFinished }) => {
      const dataDir = makeDataDir(onTestFinished);
      const held = Promise.withResolvers<number>();
      const endpoint = await startEndpoint(() => held.promise, onTestFinished);
      dropSessions(dataDir, 's', 5);
      const courier = startSubmit(dataDir, { submissionEndpoint: endpoint.url, submissionConcurrency: 2 });
      onTestFinished(() => courier.signal('SIGKILL'));
      await until('two are in flight', () => endpoint.inFlight() === 2);
      courier.signal(signal);
      await until('it says that it drains', () => courier.stderr().includes(signal));
      held.resolve(201);
      const ended = await courier.ended;
      expect(ended.code, ended.stderr).toBe(3);
      expect(oneObject(ended)).toMatchObject({ submitted: 2, failed: 0, pending: 3 });
      expect(endpoint.posts).toHaveLength(2);
      expect(statusCounts(dataDir)).toEqual({ submitted: 2, pending: 3 });
    },
  );

  test('while the last session is in flight leaves nothing pending: exit 0', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const held = Promise.withResolvers<number>();
    const endpoint = await startEndpoint(() => held.promise, onTestFinished);
    dropSessions(dataDir, 's', 1);
    const courier = startSubmit(dataDir, { submissionEndpoint: endpoint.url });
    onTestFinished(() => courier.signal('SIGKILL'));
    await until('it is in flight', () => endpoint.inFlight() === 1);
    courier.signal('SIGTERM');
    await until('it says that it drains', () => courier.stderr().includes('SIGTERM'));
    held.resolve(200);
    const ended = await courier.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(oneObject(ended)).toMatchObject({ submitted: 1, pending: 0 });
  });

  test('a second one ends the process at once', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 'hang', onTestFinished);
    dropSessions(dataDir, 's', 1);
    const courier = startSubmit(dataDir, { submissionEndpoint: endpoint.url });
    await until('it is in flight', () => endpoint.inFlight() === 1);
    courier.signal('SIGTERM');
    await until('it says that it drains', () => courier.stderr().includes('SIGTERM'));
    courier.signal('SIGTERM');
    // Had it drained, it would have printed its JSON and left with 3.
    const { code, signal, stdout } = await courier.ended;
    expect({ isAtOnce: code === 143 || signal === 'SIGTERM', stdout }).toEqual({ isAtOnce: true, stdout: '' });
    expect(readStored(dataDir, 's001')).toMatchObject({ submissionStatus: 'pending', submissionAttempts: 0 });
  });

  test('before an endpoint that never answers: the drain has an end, and the session stays pending', async ({
    onTestFinished,
  }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 'hang', onTestFinished);
    dropSessions(dataDir, 's', 2);
    const courier = startSubmit(dataDir, { submissionEndpoint: endpoint.url, submissionTimeoutSeconds: 300 });
    onTestFinished(() => courier.signal('SIGKILL'));
    await until('it is in flight', () => endpoint.inFlight() > 0);
    courier.signal('SIGTERM');
    const ended = await courier.ended;
    expect(ended.code, ended.stderr).toBe(3);
    expect(oneObject(ended)).toMatchObject({ submitted: 0, failed: 0, pending: 2 });
    expect(statusCounts(dataDir)).toEqual({ pending: 2 });
  });

  test('during a wait between attempts ends the wait', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => ({ status: 503, headers: { 'retry-after': '500' } }), onTestFinished);
    dropSessions(dataDir, 's', 1);
    const courier = startSubmit(dataDir, { submissionEndpoint: endpoint.url });
    onTestFinished(() => courier.signal('SIGKILL'));
    await until('the attempt is on disk', () => readStored(dataDir, 's001').submissionAttempts === 1);
    courier.signal('SIGTERM');
    const ended = await courier.ended;
    expect(ended.code, ended.stderr).toBe(3);
    expect(oneObject(ended)).toMatchObject({ submitted: 0, failed: 0, deferred: 1, pending: 1 });
    expect(outcomes(dataDir, 's001')).toEqual(['later']);
  });

  test('while the service still starts is as orderly as a later one', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const courier = startCourier(['serve', '--data-dir', dataDir, '--port', '0']);
    onTestFinished(() => courier.signal('SIGKILL'));
    await until('it has taken the folder', () => existsSync(join(dataDir, 'owner.json')));
    courier.signal('SIGTERM');
    const { code, stderr } = await courier.ended;
    expect(code, stderr).toBe(0);
    expect(existsSync(join(dataDir, 'service.json'))).toBe(false);
  });
});

describe.skipIf(hasNoSignals)('killed in the middle', { concurrent: true }, () => {
  test('three times during 200 sessions: all end submitted, and few are sent twice, alike', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const concurrency = 4;
    const kills = [30, 80, 130];
    let kill = () => {};
    const endpoint = await startEndpoint(async () => {
      if (kills[0] !== undefined && endpoint.posts.length >= kills[0]) {
        kills.shift();
        kill();
      }
      await new Promise((resume) => setTimeout(resume, 3));
      return 201;
    }, onTestFinished);
    const ids = dropSessions(dataDir, 's', 200);
    const settings = { submissionEndpoint: endpoint.url, submissionConcurrency: concurrency };
    for (let runs = 0; runs < 3; runs++) {
      const courier = startSubmit(dataDir, settings);
      kill = () => courier.signal('SIGKILL');
      expect((await courier.ended).signal).toBe('SIGKILL');
    }
    const { code, result, stderr } = await submitJson(dataDir, settings);
    expect({ code, result }, stderr).toMatchObject({ code: 0, result: { failed: 0, deferred: 0, pending: 0 } });
    expect(statusCounts(dataDir)).toEqual({ submitted: 200 });
    expect([...new Set(endpoint.ids())].sort()).toEqual(ids);
    expect(endpoint.posts.length - 200).toBeLessThanOrEqual(3 * 4 * concurrency);
    for (const [first, ...again] of Map.groupBy(endpoint.posts, ({ id }) => id).values() as Iterable<[Post, ...Post[]]>)
      for (const post of again) {
        expect(post.text).toBe(first.text);
        expect(post.headers['idempotency-key']).toBe(first.headers['idempotency-key']);
      }
    expect(readdirSync(join(dataDir, 'sessions')).sort()).toEqual(ids.map((id) => `${id}.json`));
  });

  test('its lock does not block, even when its process id is in use again', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 'hang', onTestFinished);
    dropSessions(dataDir, 's', 1);
    const courier = startSubmit(dataDir, { submissionEndpoint: endpoint.url });
    await until('it is in flight', () => endpoint.inFlight() === 1);
    courier.signal('SIGKILL');
    await courier.ended;
    // What the dead one wrote about itself now names a process that lives: this one.
    let named = 0;
    for (const name of readdirSync(dataDir)) {
      const path = join(dataDir, name);
      if (!name.endsWith('.json')) continue;
      const text = readFileSync(path, 'utf8');
      if (text.includes(String(courier.pid))) named++;
      writeFileSync(path, text.replaceAll(String(courier.pid), String(process.pid)));
    }
    expect(named).toBeLessThanOrEqual(1);
    endpoint.answer = () => 201;
    expect(await submitJson(dataDir, { submissionEndpoint: endpoint.url })).toMatchObject({ code: 0, result: { submitted: 1 } });
  });
});

describe.skipIf(hasNoSignals)('two processes on one folder', { concurrent: true }, () => {
  test('the second one exits 2 and names the first; the first one is not disturbed', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const held = Promise.withResolvers<number>();
    const endpoint = await startEndpoint(() => held.promise, onTestFinished);
    dropSessions(dataDir, 's', 2);
    const first = startSubmit(dataDir, { submissionEndpoint: endpoint.url });
    onTestFinished(() => first.signal('SIGKILL'));
    await until('it is in flight', () => endpoint.inFlight() > 0);
    const [submit, serve] = await Promise.all([
      startSubmit(dataDir, { submissionEndpoint: endpoint.url }).ended,
      runCourier(['serve', '--port', '0', '--data-dir', dataDir]),
    ]);
    for (const second of [submit, serve]) {
      expect(second.code).toBe(2);
      expect(second.stdout).toBe('');
      expect(second.stderr).toContain(String(first.pid));
    }
    held.resolve(201);
    const ended = await first.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(endpoint.posts).toHaveLength(2);
  });

  test('submit beside a running service exits 2 and names it', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const service = await startService(dataDir);
    onTestFinished(() => service.signal('SIGKILL'));
    const submit = await startSubmit(dataDir, { submissionEndpoint: 'http://127.0.0.1:9/' }).ended;
    expect(submit).toMatchObject({ code: 2, stdout: '' });
    expect(submit.stderr).toContain(String(service.pid));
    expect(await service.stop()).toMatchObject({ code: 0 });
  });
});

const canMount = spawnSync('unshare', ['-Urm', 'sh', '-c', 'mount -t tmpfs -o size=64k courier "$(mktemp -d)"']).status === 0;
if (!canMount) process.stderr.write('Tests of a full disk are skipped: a small file system cannot be mounted here.\n');

describe.skipIf(!canMount)('a disk', { concurrent: true }, () => {
  test('that is full: the answers are not lost silently, few are sent, exit 3, and later all is delivered', async ({
    onTestFinished,
  }) => {
    const scratch = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    const ids = dropSessions(scratch, 's', 30);
    const settings = { submissionEndpoint: endpoint.url, submissionConcurrency: 1 };
    const mountPoint = join(scratch, 'disk');
    mkdirSync(mountPoint);
    const out = await runOnMount(
      `mount -t tmpfs -o size=1m courier ${mountPoint} && mkdir -m 700 ${mountPoint}/sessions &&
       cp -p ${scratch}/sessions/* ${mountPoint}/sessions/ && "$@" status --json --data-dir ${mountPoint} >&2
       dd if=/dev/zero of=${mountPoint}/ballast bs=4k 2>/dev/null
       "$@" submit --json --data-dir ${mountPoint} ${setOptions(settings).join(' ')} > ${scratch}/full.json; echo $? > ${scratch}/full.code
       cp -p ${mountPoint}/sessions/* ${scratch}/sessions/
       rm ${mountPoint}/ballast
       "$@" submit --json --data-dir ${mountPoint} ${setOptions(settings).join(' ')} > ${scratch}/free.json; echo $? > ${scratch}/free.code
       ls -A ${mountPoint}/sessions > ${scratch}/left`,
    );
    const read = (name: string) => readFileSync(join(scratch, name), 'utf8').trim();
    const full = read('full.json');
    expect(read('full.code'), out).toBe('3');
    expect(JSON.parse(full), out).toMatchObject({ submitted: 0, failed: 0, pending: 30 } satisfies Partial<SubmitResult>);
    expect(statusCounts(scratch)).toEqual({ pending: 30 });
    expect(read('free.code'), out).toBe('0');
    expect(JSON.parse(read('free.json'))).toMatchObject({ submitted: 30, pending: 0 });
    expect(endpoint.posts.length - 30).toBeLessThanOrEqual(3 + 4);
    expect(read('left').split('\n')).toEqual(ids.map((id) => `${id}.json`));
  });

  test('whose sessions folder cannot be written to: exit 3, and nothing is said to be delivered', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    dropSessions(dataDir, 's', 10);
    const before = readStored(dataDir, 's001');
    const code = join(dataDir, 'code');
    const out = await runOnMount(
      `mount --bind ${dataDir}/sessions ${dataDir}/sessions && mount -o remount,ro,bind ${dataDir}/sessions &&
       "$@" submit --json --data-dir ${dataDir} ${setOptions({ submissionEndpoint: endpoint.url, submissionConcurrency: 1 }).join(' ')} > ${dataDir}/out.json
       echo $? > ${code}`,
    );
    expect(readFileSync(code, 'utf8').trim(), out).toBe('3');
    expect(JSON.parse(readFileSync(join(dataDir, 'out.json'), 'utf8'))).toMatchObject({ submitted: 0, failed: 0, pending: 10 });
    // Three records that cannot be written end the cycle; some were answered before the third one was known.
    expect(endpoint.posts.length).toBeLessThanOrEqual(3 + 4);
    expect(readStored(dataDir, 's001')).toEqual(before);
    expect(existsSync(join(dataDir, 'sessions', 's001.json'))).toBe(true);
  });
});

const startSubmit = (dataDir: string, settings: Record<string, unknown>) =>
  startCourier(['submit', '--json', '--data-dir', dataDir, ...setOptions(settings)]);

/** Runs a shell script in a mount namespace of its own, which ends with it; `"$@"` is the command line. */
async function runOnMount(script: string): Promise<string> {
  const { spawn } = await import('node:child_process');
  const child = spawn('unshare', ['-Urm', 'sh', '-c', script, 'sh', process.execPath, courierEntry], {
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await new Promise((closed) => child.once('close', closed));
  return output;
}
