/**
 * The simulated analyser with a real folder.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sessionFile } from '../../../src/common/session.ts';
import { dropSession, startAnalyser } from '../../../src/headless/demo/analyser.ts';
import { sampleSessions } from '../../../src/headless/demo/sample-sessions.ts';
import { seededRandom } from '../../../src/headless/demo/seeded-random.ts';

let folder: string;
let sessionsDir: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'courier-analyser-'));
  sessionsDir = join(folder, 'data', 'sessions');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('files appear whole, named after their id, readable by their owner only, and none after the stop', async () => {
  const names: string[] = [];
  let enough: () => void = () => {};
  const tenDropped = new Promise<void>((resolve) => (enough = resolve));
  const analyser = await startAnalyser({
    sessionsDir,
    perSecond: 200,
    random: seededRandom(1),
    now: Date.now,
    onDropped: (session) => {
      if (names.push(`${session.id}.json`) === 10) enough();
    },
    onError: (error) => expect.unreachable(String(error)),
  });
  await tenDropped;
  await analyser.stop();
  expect(readdirSync(sessionsDir).sort()).toEqual(names.toSorted());
  expect(analyser.dropped()).toBe(names.length);
  for (const name of names) {
    const session = sessionFile.parse(JSON.parse(readFileSync(join(sessionsDir, name), 'utf8')));
    expect(`${session.id}.json`).toBe(name);
    if (process.platform !== 'win32') expect(statSync(join(sessionsDir, name)).mode & 0o777).toBe(0o600);
  }
});

test('a file that cannot be put in place is told, and leaves nothing behind', async () => {
  const session = sampleSessions({ random: seededRandom(1), now: () => 1_795_500_000_000 }).next().value;
  mkdirSync(join(sessionsDir, `${session.id}.json`), { recursive: true });
  await expect(dropSession(sessionsDir, session, seededRandom(2))).rejects.toThrow();
  expect(readdirSync(sessionsDir)).toEqual([`${session.id}.json`]);
});

test('a folder that goes away is told, and the analyser goes on until it is stopped', async () => {
  const errors: unknown[] = [];
  let enough: () => void = () => {};
  const threeErrors = new Promise<void>((resolve) => (enough = resolve));
  let isGone = false;
  const analyser = await startAnalyser({
    sessionsDir,
    perSecond: 500,
    random: seededRandom(1),
    now: Date.now,
    onDropped: () => {
      if (isGone) return;
      isGone = true;
      rmSync(sessionsDir, { recursive: true });
      writeFileSync(sessionsDir, '');
    },
    onError: (error) => {
      if (errors.push(error) === 3) enough();
    },
  });
  await threeErrors;
  await analyser.stop();
  expect(errors[0]).toMatchObject({ code: 'ENOTDIR' });
});

test('a stop between two sessions does not wait for the next one, and a second stop is the same', async () => {
  let first: () => void = () => {};
  const dropped = new Promise<void>((resolve) => (first = resolve));
  const analyser = await startAnalyser({
    sessionsDir,
    perSecond: 0.001,
    random: seededRandom(1),
    now: Date.now,
    onDropped: () => first(),
    onError: () => {},
  });
  await dropped;
  await Promise.all([analyser.stop(), analyser.stop()]);
  expect(analyser.dropped()).toBe(1);
});

test('a rate that is none is refused', async () => {
  const options = { sessionsDir, random: seededRandom(1), now: Date.now, onError: () => {} };
  for (const perSecond of [0, -1, Number.NaN]) await expect(startAnalyser({ ...options, perSecond })).rejects.toThrow(RangeError);
});
