/**
 * The desk as a console sees it: states, lanes, transitions, causes, bulk retries, figures, and what it keeps on disk.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { events, requests, type RequestName, type Params } from '../../../src/common/contract.ts';
import {
  accepted,
  busy,
  deskWorld,
  type DeskWorld,
  type DeskWorldOptions,
  refused,
  unauthorized,
  unheard,
} from '../../support/desk-world.ts';
import { settle } from '../../support/hand-timers.ts';
import { errno, type FileCall } from '../../support/simulated-file-system.ts';

const patiently = { timeout: 60_000 };
let world: DeskWorld;
async function make(options: DeskWorldOptions = {}): Promise<DeskWorld> {
  world = await deskWorld(options);
  world.worker.actor.start();
  await settle();
  return world;
}
afterEach(() => world.close());

/** Asks as a host does, and holds the answer to the contract. */
async function ask<Name extends keyof DeskWorld['desk']['handlers'] & RequestName>(name: Name, params: Params<Name>) {
  const handler = world.desk.handlers[name] as (given: Params<Name>) => unknown;
  const answer = await handler(requests[name].params.parse(params) as Params<Name>);
  return requests[name].result.parse(answer) as z.infer<(typeof requests)[Name]['result']>;
}
const fullDisk = ({ name }: FileCall) => (name === 'write' || name === 'rename' ? errno('ENOSPC') : undefined);
const circuitNotices = () => world.notices.filter(({ causeId }) => causeId === 'circuit');
const causeIds = async () => (await ask('getCauses', {})).causes.filter(({ state }) => state === 'open').map(({ id }) => id);

describe('sessions under way', () => {
  test('are shown in their lanes with their counter, and the last that ended', async () => {
    await make({ answer: (id) => (id === 'b' ? busy : accepted), answerMs: 1000 });
    const heard = world.console();
    world.add(['a', 'b', 'c']);
    world.worker.triggerNow();
    await world.timers.pass(500);
    const sending = heard.of('onUnderWay').at(-1);
    expect(sending).toMatchObject({
      slots: 2,
      underWayMax: 8,
      queueSize: 1,
      sessions: [
        { sessionId: 'a', counter: 101, state: 'attempt', attempt: 1 },
        { sessionId: 'b', counter: 102, state: 'attempt', attempt: 1 },
      ],
    });
    const [first] = sending?.sessions ?? [];
    expect((first?.until ?? 0) - (first?.since ?? 0)).toBe(30_000);
    expect(world.desk.decorate((await world.store.getSessions({ ids: ['a'] })).sessions)[0]).toMatchObject({
      state: 'attempt',
      attemptStartedAt: first?.since,
    });
    await world.timers.pass(600);
    const waiting = heard
      .of('onUnderWay')
      .at(-1)
      ?.sessions.find(({ sessionId }) => sessionId === 'b');
    expect(waiting).toMatchObject({ state: 'backoffWait', attempt: 2, httpStatus: 503, reason: '503' });
    expect((waiting?.until ?? 0) - (waiting?.since ?? 0)).toBe(1000);
    expect(world.desk.statusExtras().worker).toMatchObject({ delayed: 1, nextRetryAt: waiting?.until, slots: 2 });
    world.script.answer = () => accepted;
    await world.cycle();
    expect(heard.of('onUnderWay').at(-1)).toMatchObject({
      sessions: [],
      queueSize: 0,
      ended: [{ sessionId: 'b', state: 'submitted', attempt: 2 }, { sessionId: 'c' }, { sessionId: 'a' }],
    });
  });

  test('their transitions are told in order, with a few words, and asked for by machine or session', async () => {
    await make({ answer: (id) => (id === 'bad' ? refused : accepted), answerMs: 1000 });
    const heard = world.console();
    world.add(['bad']);
    world.worker.triggerNow();
    await world.timers.pass(500);
    expect((await ask('getTransitions', { id: 'bad' })).transitions).toMatchObject([
      { from: 'ready', to: 'attempt', counter: 101 },
    ]);
    await world.cycle();
    const told = heard.of('onTransitions').flatMap(({ transitions }) => transitions);
    expect(told.map(({ machine, from, to, detail }) => [machine, from, to, detail])).toEqual([
      ['worker', 'idle', 'discovering', undefined],
      ['worker', 'discovering', 'dispatching', 'found 1'],
      ['session', 'ready', 'attempt', undefined],
      ['session', 'attempt', 'recording', 'answer 422 unknown-code'],
      ['session', 'recording', 'failed', 'refused 422 unknown-code'],
      ['worker', 'dispatching', 'idle', '1 failed'],
      ...told.slice(6).map(({ machine, from, to, detail }) => [machine, from, to, detail]),
    ]);
    expect((await ask('getTransitions', { machine: 'worker' })).transitions[0]?.machine).toBe('worker');
    expect((await ask('getTransitions', { id: 'bad' })).transitions.map(({ to }) => to)).toEqual([
      'failed',
      'recording',
      'attempt',
    ]);
    expect((await ask('getTransitions', {})).transitions.length).toBeGreaterThan(5);
  });

  test('a hundred in a moment cost a console few events: at most 200 transitions of sessions each, the others counted', async () => {
    await make({ settings: { submissionConcurrency: 10 } });
    const heard = world.console();
    world.add(Array.from({ length: 300 }, (_, index) => `s${String(index).padStart(3, '0')}`));
    await world.cycle();
    const told = heard.of('onTransitions');
    const counted = told.reduce(
      (sum, { transitions, dropped }) => sum + transitions.filter(({ machine }) => machine === 'session').length + dropped,
      0,
    );
    expect(counted).toBe(900);
    for (const { transitions } of told)
      expect(transitions.filter(({ machine }) => machine === 'session').length).toBeLessThanOrEqual(200);
    expect(heard.of('onUnderWay').length).toBeLessThan(30);
    const last = heard.of('onUnderWay').at(-1);
    expect([last?.sessions.length, last?.ended.length, last?.endedPerSecond]).toEqual([0, 8, 60]);
    const changed = new Set(
      heard
        .of('onSessionsChanged')
        .flatMap(({ changed: some, added }) => [...some, ...added])
        .filter(({ state }) => state === 'submitted')
        .map(({ sessionId }) => sessionId),
    );
    expect(changed.size).toBe(300);
  });

  test('every event follows the contract, and none holds message content', async () => {
    await make({ answer: (id) => (id === 'a' ? accepted : id === 'b' ? refused : unheard) });
    const heard = world.console();
    world.add(['a', 'b', 'c', 'd']);
    await world.cycle();
    await world.timers.pass(20_000);
    for (const { name, payload } of heard.heard) expect(events[name].safeParse(payload).error, name).toBeUndefined();
    expect(JSON.stringify(heard.heard)).not.toMatch(/PID\||\|4711|MSH\|/);
    expect(new Set(heard.heard.map(({ name }) => name))).toEqual(
      new Set(['onSnapshot', 'onUnderWay', 'onCauses', 'onTransitions', 'onSessionsChanged']),
    );
    expect(heard.of('onSnapshot').find(({ machine }) => machine === 'session')).toMatchObject({ id: expect.any(String) });
  });

  test('a console that comes late hears the machines, the lanes and the causes at once; nothing is put by while none listens', async () => {
    await make({ answer: () => refused });
    world.add(['a']);
    await world.cycle();
    const { heard, leave, of } = world.console();
    expect(heard.map(({ name }) => name)).toEqual(['onSnapshot', 'onSnapshot', 'onUnderWay', 'onCauses']);
    expect(of('onCauses')[0]?.causes.map(({ id }) => id)).toEqual(['refused-422-unknown-code']);
    expect(of('onSnapshot').map(({ machine, value }) => [machine, value])).toEqual([
      ['endpoint', 'closed'],
      ['worker', 'idle'],
    ]);
    leave();
    const { length } = heard;
    world.add(['b']);
    await world.cycle();
    const again = world.console();
    await world.timers.pass(1_000);
    expect(heard).toHaveLength(length);
    expect(again.of('onTransitions')).toEqual([]);
  });

  test('what waits to be told when the last console leaves is forgotten', async () => {
    await make();
    const { leave } = world.console();
    world.add(['a']);
    world.worker.triggerNow();
    await settle();
    leave();
    await world.timers.pass(1000);
    const { heard } = world.console();
    await world.timers.pass(1000);
    expect(heard.map(({ name }) => name)).not.toContain('onSessionsChanged');
  });
});

describe('sessions in the table', () => {
  test('that are new, changed or gone are told of once each, as they are now', async () => {
    await make({ answer: (id) => (id === 'a' ? accepted : unauthorized) });
    await world.cycle();
    const heard = world.console();
    world.add(['a', 'b']);
    await world.cycle();
    const told = heard.of('onSessionsChanged');
    expect(new Set(told.flatMap(({ added }) => added).map(({ sessionId }) => sessionId))).toEqual(new Set(['a', 'b']));
    const all = told.flatMap(({ added, changed }) => [...added, ...changed]);
    expect(all.findLast(({ sessionId }) => sessionId === 'a')).toMatchObject({ state: 'submitted' });
    const held = all.findLast(({ sessionId }) => sessionId === 'b');
    expect(held).toMatchObject({
      state: 'held',
      causeId: 'circuit',
      nextAttemptAt: world.worker.status().nextCycleAt,
      httpStatus: 401,
    });
    await world.store.moveToTrash(['b']);
    await world.timers.pass(100);
    expect(heard.of('onSessionsChanged').at(-1)).toEqual({ added: [], changed: [], removed: ['b'] });
  });

  test('more than an event holds come with the next', async () => {
    await make({ settings: { submissionEndpoint: '' } });
    await world.cycle();
    const heard = world.console();
    world.add(Array.from({ length: 1200 }, (_, index) => `s${index}`));
    await world.store.scan();
    await world.timers.pass(1000);
    const sizes = heard.of('onSessionsChanged').map(({ added, changed }) => added.length + changed.length);
    expect(sizes).toEqual([500, 500, 200]);
    expect(heard.of('onSessionsChanged')[0]?.added[0]).toMatchObject({ state: 'held' });
  });

  test('wait as held where the endpoint that is set cannot be used', async () => {
    await make({ settings: { submissionIntervalMinutes: 60 } });
    world.add(['a']);
    await world.store.scan();
    const state = async () => {
      const found = await world.store.getSession('a');
      return found === null ? null : world.desk.decorate([found.summary])[0]?.state;
    };
    expect(await state()).toBe('ready');
    const heard = world.console();
    world.problems.push({ code: 'endpoint.unusable', message: 'Its certificate cannot be read.', since: 1 });
    world.desk.problemsChanged();
    expect(await state()).toBe('held');
    await world.timers.pass(1_000);
    expect(heard.of('onSessionsChanged').at(-1)?.changed).toMatchObject([{ state: 'held', causeId: 'endpoint' }]);
    expect(world.desk.statusExtras()).toMatchObject({ openCauses: 1 });
    const { filter, scope } = await world.desk.scopeOf({ causeId: 'endpoint' });
    expect(await world.store.idsMatching(filter, scope)).toEqual(['a']);
  });

  test('are found by state and by cause', async () => {
    await make({ answer: (id) => (id.startsWith('bad') ? refused : accepted) });
    world.add(['bad1', 'bad2', 'good']);
    await world.cycle();
    const found = async (filter: Parameters<typeof world.desk.scopeOf>[0]) => {
      const { filter: rest, scope } = await world.desk.scopeOf(filter);
      return (await world.store.idsMatching(rest, scope)).sort();
    };
    expect(await found({ causeId: 'refused-422-unknown-code' })).toEqual(['bad1', 'bad2']);
    expect(await found({ causeId: 'refused-422-unknown-code', text: 'bad2' })).toEqual(['bad2']);
    expect(await found({ state: ['submitted'] })).toEqual(['good']);
    expect((await ask('getFacets', {})).messageTypes).toEqual([{ value: 'ORU^R01', count: 3 }]);
  });

  test('a disk that cannot be read is told to the log, and the rest goes on', async () => {
    await make();
    const heard = world.console();
    world.store.getSessions = () => Promise.reject(new Error('EIO'));
    world.add(['a']);
    await world.cycle();
    expect(world.log.recent({ level: 'warn' }).map(({ message }) => message)).toContainEqual(
      expect.stringContaining('could not be told'),
    );
    expect(heard.of('onUnderWay').length).toBeGreaterThan(0);
  });
});

describe('causes', () => {
  test('an endpoint that refuses our credentials is one cause, one notice at its start and one at its end', async () => {
    await make({ answer: () => unauthorized });
    const heard = world.console();
    world.add(['a', 'b', 'c', 'd']);
    await world.cycle();
    await world.timers.pass(5_000);
    expect(await causeIds()).toEqual(['circuit']);
    expect(heard.of('onCauses').at(-1)?.causes[0]).toMatchObject({
      id: 'circuit',
      count: 4,
      httpStatus: 401,
      nextTryAt: world.worker.status().nextCycleAt,
    });
    await world.cycle();
    expect(world.desk.statusExtras()).toMatchObject({ openCauses: 1, circuit: { state: 'open', tries: 1 } });
    world.script.answer = () => accepted;
    await world.cycle();
    await world.timers.pass(5_000);
    expect(await causeIds()).toEqual([]);
    expect(world.notices.map(({ causeId, turn }) => [causeId, turn])).toEqual([
      ['circuit', 'began'],
      ['circuit', 'ended'],
    ]);
    expect(world.notices[1]).toMatchObject({ title: 'Delivering again', body: 'After less than a minute. 4 sent, 0 failed.' });
    expect(world.desk.statusExtras()).toMatchObject({
      openCauses: 0,
      circuit: { state: 'closed' },
      lastInterruptionEndedAt: expect.any(Number),
    });
    expect(world.desk.statusExtras().circuit).not.toHaveProperty('tries');
    expect(world.statusChanges.count).toBeGreaterThan(0);
  });

  test('the end of an outage is told once, when all that was held and set back is sent', async () => {
    await make({ answer: () => busy });
    world.add(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    await world.cycle();
    world.script.answer = (id) => (id === 'f' ? refused : accepted);
    await world.cycle();
    // Two that were held, one of them refused, and the five that had failed, in the cycle that follows.
    await vi.waitFor(() => expect(circuitNotices()).toHaveLength(2), patiently);
    expect(circuitNotices()[1]?.body).toBe('After less than a minute. 6 sent, 1 failed.');
    await world.cycle();
    await world.timers.pass(120_000);
    expect(circuitNotices()).toHaveLength(2);
  });

  test('a drain that takes longer than a minute is told of with what was sent so far, and its end is not told again', async () => {
    await make({ answer: () => unauthorized, settings: { submissionConcurrency: 1 } });
    world.add(['a', 'b', 'c', 'd', 'e', 'f']);
    await world.cycle();
    Object.assign(world.script, { answer: () => accepted, answerMs: 25_000 });
    await world.cycle();
    expect(circuitNotices().map(({ body }) => body)).toEqual([
      expect.stringContaining('nothing lost'),
      'After less than a minute. 3 sent so far, 0 failed.',
    ]);
  });

  test('an end that is still owed is told before the next beginning, and when the service stops', async () => {
    await make({ answer: () => unauthorized, settings: { submissionConcurrency: 1 } });
    world.add(['a', 'b', 'c', 'd']);
    await world.cycle();
    // `a` was tried already, so the probe is `b`.
    world.script.answer = (id) => (id === 'b' ? accepted : unauthorized);
    await world.cycle();
    expect(circuitNotices().map(({ turn, body }) => [turn, /sent|held/.exec(body)?.[0]])).toEqual([
      ['began', 'held'],
      ['ended', 'sent'],
      ['began', 'held'],
    ]);
    Object.assign(world.script, { answer: () => accepted, answerMs: 1_000 });
    world.worker.triggerNow();
    await world.timers.pass(1_500);
    await world.close();
    expect(circuitNotices().at(-1)).toMatchObject({ turn: 'ended', body: 'After less than a minute. 1 sent, 0 failed.' });
    await world.timers.pass(120_000);
    expect(circuitNotices()).toHaveLength(4);
  });

  test('one that stood when the last process ended is over with what this one sent first', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'hl7-courier-desk-'));
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
    await make({ dataDir, answer: () => unauthorized });
    world.add(['a']);
    await world.cycle();
    await world.close();
    await make({ dataDir });
    world.add(['b', 'c']);
    await world.cycle();
    expect(circuitNotices()).toMatchObject([{ turn: 'ended', body: 'After less than a minute. 2 sent, 0 failed.' }]);
  });

  test('of one that was muted nobody is told', async () => {
    await make({ answer: () => unauthorized });
    world.add(['a', 'b']);
    await world.cycle();
    await ask('muteCause', { causeId: 'circuit', muted: true });
    world.script.answer = () => accepted;
    await world.cycle();
    await world.timers.pass(120_000);
    expect(circuitNotices().map(({ turn }) => turn)).toEqual(['began']);
  });

  test('notes, mutes and times survive a restart, in a file that only its owner may read', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'hl7-courier-desk-'));
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
    await make({ dataDir, answer: (id) => (id === 'a' ? refused : unauthorized) });
    world.add(['a', 'b']);
    await world.cycle();
    const path = join(dataDir, 'desk', 'causes.json');
    const onDisk = () => JSON.parse(readFileSync(path, 'utf8')).causes.find(({ id }: { id: string }) => id.startsWith('refused'));
    await ask('setCauseNote', { causeId: 'refused-422-unknown-code', note: 'asked the laboratory' });
    expect(onDisk()).toMatchObject({ context: { note: 'asked the laboratory' } });
    await ask('muteCause', { causeId: 'refused-422-unknown-code', muted: true });
    expect(onDisk()).toMatchObject({ value: { standing: 'muted' } });
    await world.close();
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
    expect(readdirSync(join(dataDir, 'desk'))).toEqual(['causes.json']);
    await make({ dataDir });
    expect((await ask('getCauses', {})).causes).toMatchObject([
      { id: 'circuit', state: 'open' },
      { id: 'refused-422-unknown-code', state: 'muted', note: 'asked the laboratory', count: 0 },
    ]);
    await expect(ask('muteCause', { causeId: 'x', muted: true })).rejects.toMatchObject({ code: 'ERR_ARGUMENT_INVALID' });
  });

  test.each([
    ['cut short', '{"version":1,"cau'],
    ['of another program', '[]'],
  ])('a list of causes that is %s is set aside, reported, and begun anew', async (_, content) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'hl7-courier-desk-'));
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
    await make({ dataDir, answer: () => refused });
    world.add(['a']);
    await world.cycle();
    await world.close();
    writeFileSync(join(dataDir, 'desk', 'causes.json'), content);
    await make({ dataDir });
    expect((await ask('getCauses', {})).causes).toEqual([]);
    const aside = readdirSync(join(dataDir, 'desk')).find((name) => name.includes('damaged')) ?? '';
    expect(readFileSync(join(dataDir, 'desk', aside), 'utf8')).toBe(content);
    expect(world.log.recent({ level: 'warn' })[0]?.message).toContain('damaged');
  });

  test('a list that cannot be read or written is reported, and keeps nobody from work', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'hl7-courier-desk-'));
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
    writeFileSync(join(dataDir, 'desk'), 'a file where a folder should be');
    await make({ dataDir, answer: () => refused });
    world.add(['a']);
    await world.cycle();
    await world.timers.pass(2_000);
    expect(await causeIds()).toEqual(['refused-422-unknown-code']);
    await vi.waitFor(
      () =>
        expect(world.log.recent({ level: 'warn' }).map(({ message }) => message)).toEqual([
          expect.stringContaining('could not be written'),
          expect.stringContaining('could not be read'),
        ]),
      patiently,
    );
    await expect(ask('recordPatientAccess', { sessionId: 'a', action: 'shown' })).rejects.toMatchObject({
      code: 'ERR_STORE_WRITE_FAILED',
    });
  });

  test('a write that fails, a file in quarantine and the news of other rooms are causes', async () => {
    await make();
    world.desk.noteWrite(false);
    world.files.put('/data/sessions/broken.json', '{');
    world.problems.push({ code: 'settings.damaged', message: 'The settings file was damaged.', since: 0 });
    world.desk.problemsChanged();
    world.desk.captureChanged({ state: 'failed', gaps: 0 });
    await world.store.scan();
    expect((await causeIds()).sort()).toEqual(['capture', 'disk', 'settings', 'unreadable']);
    world.desk.noteWrite(true);
    world.problems.pop();
    world.desk.problemsChanged();
    world.desk.captureChanged({ state: 'capturing', gaps: 0 });
    await world.timers.pass(5_000);
    expect(await causeIds()).toEqual(['unreadable']);
  });

  test('an attempt that cannot be recorded shows on the disk at once', async () => {
    await make({ answer: () => accepted });
    world.add(['a']);
    world.files.fault = fullDisk;
    await world.cycle();
    expect(world.desk.statusExtras().disk?.state).toBe('failing');
    world.files.fault = () => undefined;
    await world.cycle();
    expect(world.desk.statusExtras().disk).toMatchObject({ state: 'healthy', lastWriteAt: expect.any(Number) });
  });

  test.each([
    ['ignored', 'bad', () => world.store.changeStatus(['bad'], 'ignored')],
    ['retried', 'bad', () => world.store.changeStatus(['bad'], 'retried')],
    ['restored', 'left', () => world.store.changeStatus(['left'], 'restored')],
    ['moved to the trash', 'good', () => world.store.moveToTrash(['good'])],
  ] as const)('a session that a full disk does not let be %s shows on it, until a write succeeds', async (_done, id, act) => {
    await make({ answer: (each) => (each === 'bad' ? refused : accepted) });
    world.add(['good', 'bad']);
    world.add(['left'], { submissionStatus: 'ignored' });
    await world.cycle();
    const before = world.onDisk(id);
    world.files.fault = fullDisk;
    await expect(act()).rejects.toMatchObject({ code: 'ERR_STORE_WRITE_FAILED' });
    expect([world.desk.statusExtras().disk?.state, world.onDisk(id)]).toEqual(['failing', before]);
    expect(await causeIds()).toContain('disk');
    world.files.fault = () => undefined;
    await act();
    expect(world.desk.statusExtras().disk?.state).toBe('healthy');
    expect(await causeIds()).not.toContain('disk');
  });

  test('what has nothing to write, or is wrong, says nothing of the disk', async () => {
    await make();
    world.add(['a']);
    await world.store.scan();
    world.desk.noteWrite(false);
    await world.store.changeStatus(['a'], 'retried');
    await expect(world.store.add({ id: 'b' } as never)).rejects.toMatchObject({ code: 'ERR_ARGUMENT_INVALID' });
    expect(world.desk.statusExtras().disk?.state).toBe('failing');
  });

  test('a device that is silent for long is one', async () => {
    await make({ settings: { submissionEndpoint: '' } });
    const end = world.timers.now();
    for (let index = 0; index < 6; index++)
      world.add([`s${index}`], { startTime: end - index * 60_000, endTime: end - index * 60_000 });
    await world.store.scan();
    await world.timers.pass(2_100);
    expect(world.desk.devicesHeard).toBe(1);
    expect((await ask('getDevices', {})).devices).toMatchObject([
      { label: 'XN-1000', facility: 'LAB', state: 'talking', usualGapMs: 60_000 },
    ]);
    await world.timers.pass(70 * 60_000);
    expect(await causeIds()).toEqual(['quiet-XN-1000']);
  });
});

describe('a bulk retry', () => {
  test('by cause starts with one session, doubles while they are accepted, and ends the cause once', async () => {
    await make({ answer: () => refused });
    world.add(Array.from({ length: 10 }, (_, index) => `s${index}`));
    await world.cycle();
    await world.timers.pass(5_000);
    const heard = world.console();
    world.script.answer = () => accepted;
    world.script.answerMs = 100;
    const { job } = await ask('startRetryJob', { causeId: 'refused-422-unknown-code' });
    expect(job).toMatchObject({ state: 'running', total: 10, sending: 1, toGo: 9 });
    await expect(ask('startRetryJob', { causeId: 'refused-422-unknown-code' })).rejects.toMatchObject({
      code: 'ERR_STATE_CONFLICT',
    });
    await world.timers.pass(60_000);
    expect((await ask('getRetryJobs', {})).jobs).toMatchObject([{ id: job.id, state: 'done', accepted: 10, toGo: 0, ramp: 8 }]);
    expect(heard.of('onRetryJob').at(-1)).toMatchObject({ state: 'done', accepted: 10 });
    expect(world.notices.map(({ turn }) => turn)).toEqual(['began', 'ended']);
    expect((await ask('getCauses', {})).causes[0]).toMatchObject({ state: 'resolved', count: 10, lastRetriedAt: job.startedAt });
    await expect(ask('startRetryJob', { causeId: 'refused-422-unknown-code' })).rejects.toMatchObject({
      code: 'ERR_ARGUMENT_INVALID',
    });
  });

  test('stops at the first session that is refused as before; the others are as they were', async () => {
    await make({ answer: () => refused });
    world.add(Array.from({ length: 10 }, (_, index) => `s${index}`));
    await world.cycle();
    const before = world.posts.length;
    await ask('startRetryJob', { causeId: 'refused-422-unknown-code' });
    await world.timers.pass(60_000);
    expect((await ask('getRetryJobs', {})).jobs).toMatchObject([
      { state: 'stopped', failed: 1, toGo: 9, stoppedBy: { httpStatus: 422, code: 'unknown-code' } },
    ]);
    expect(world.posts.length - before).toBe(1);
    expect(await world.store.idsMatching({ status: ['failed'] })).toHaveLength(10);
    expect(world.onDisk('s5')?.submissionHistory.map(({ outcome }) => outcome)).toEqual(['refused']);
    expect(await causeIds()).toEqual(['refused-422-unknown-code']);
  });

  test('a cancel leaves the rest as it was, also what waited in the queue', async () => {
    await make({ answer: () => refused });
    world.add(Array.from({ length: 12 }, (_, index) => `s${index}`));
    await world.cycle();
    world.script.answer = () => accepted;
    world.script.answerMs = 1000;
    const { job } = await ask('startRetryJob', { filter: { status: ['failed'] } });
    for (let step = 0; step < 100 && (await ask('getRetryJobs', {})).jobs[0]?.sending !== 4; step++) await world.timers.pass(250);
    await world.timers.pass(500);
    expect((await ask('cancelRetryJob', { jobId: job.id })).job.state).toBe('cancelled');
    await world.timers.pass(10_000);
    const [ended] = (await ask('getRetryJobs', {})).jobs;
    expect(ended).toMatchObject({ state: 'cancelled', sending: 0, total: 12 });
    const left = await world.store.idsMatching({ status: ['failed'] });
    expect(left.length).toBe(ended?.toGo);
    expect(left.length).toBeGreaterThanOrEqual(5);
    expect(await world.store.idsMatching({ status: ['pending'] })).toEqual([]);
    await expect(ask('cancelRetryJob', { jobId: 'x' })).rejects.toMatchObject({ code: 'ERR_ARGUMENT_INVALID' });
  });

  test('takes of the given sessions those that may be retried, accepted ones only when asked to', async () => {
    await make({ answer: (id) => (id === 'bad' ? refused : accepted) });
    world.add(['good', 'bad']);
    await world.cycle();
    world.script.answer = () => accepted;
    expect((await ask('startRetryJob', { sessionIds: ['good', 'bad', 'unknown'] })).job.total).toBe(1);
    await world.timers.pass(5_000);
    expect((await ask('startRetryJob', { filter: { text: 'good' }, again: true })).job.total).toBe(1);
    expect((await ask('startRetryJob', { filter: { status: ['pending'] } })).job).toMatchObject({ total: 0, state: 'done' });
    await world.timers.pass(5_000);
    expect(world.posts.filter((id) => id === 'good')).toHaveLength(2);
  });
});

describe('figures', () => {
  test('of today, by the minute, and of every attempt', async () => {
    await make({ answerMs: 200, settings: { submissionConcurrency: 10 } });
    await world.cycle();
    world.add(Array.from({ length: 20 }, (_, index) => `s${index}`));
    await world.cycle();
    await world.timers.pass(5_000);
    const { totals, attempts, buckets } = await ask('getActivity', { span: '1h' });
    expect(totals).toEqual({ captured: 20, accepted: 20, failed: 0, ignored: 0 });
    expect(attempts.count).toBe(20);
    expect(Math.abs((attempts.p50Ms ?? 0) - 200)).toBeLessThan(4);
    expect(buckets).toHaveLength(60);
    expect((await ask('getActivity', { span: '7d' })).buckets).toHaveLength(84);
    expect(world.desk.statusExtras()).toMatchObject({
      today: { accepted: 20 },
      rates: { accepted: 4, saved: 4, captured: 4 },
      host: 'lab-pc',
      version: '1.2.3',
    });
  });

  test('of what the open circuit holds', async () => {
    await make({ answer: () => unauthorized });
    world.add(['a', 'b', 'c']);
    await world.cycle();
    await world.timers.pass(5_000);
    expect((await ask('getActivity', { span: '24h' })).buckets.at(-1)?.held).toBe(3);
  });

  test('a store that cannot be asked is told to the log, and asked again', async () => {
    await make();
    world.store.survey = () => Promise.reject(new Error('the thread ended'));
    await world.timers.pass(5_000);
    expect(world.log.recent({ level: 'warn' })[0]?.message).toContain('could not be counted');
  });
});

describe('the rest of the desk', () => {
  test('the log is told as it is written, and asked for by level and text', async () => {
    await make();
    const heard = world.console();
    for (let line = 0; line < 700; line++) world.log.room('delivery').info({ line }, 'A cycle ended.');
    world.log.warn({}, 'The disk is nearly full.');
    await world.timers.pass(100);
    expect(heard.of('onLog').map(({ lines }) => lines.length)).toEqual([500]);
    expect((await ask('getLog', { level: 'warn' })).lines.map(({ message }) => message)).toEqual(['The disk is nearly full.']);
    heard.leave();
    world.log.info({}, 'Nobody listens.');
    await world.timers.pass(100);
    expect(heard.of('onLog')).toHaveLength(1);
  });

  test('an access to patient fields is on disk before the answer', async () => {
    await make();
    world.add(['a', 'b']);
    await world.store.scan();
    expect(await ask('recordPatientAccess', { sessionId: 'a', action: 'shown' })).toEqual({ recorded: true });
    const text = readFileSync(join(world.dataDir, 'desk', 'patient-access.jsonl'), 'utf8');
    expect(JSON.parse(text)).toEqual({ at: world.timers.now(), sessionId: 'a', counter: 101, action: 'shown' });
    await ask('recordPatientAccess', { sessionId: 'b', action: 'copied' });
    expect((await ask('getPatientAccess', {})).entries.map(({ action }) => action)).toEqual(['copied', 'shown']);
    expect((await ask('getPatientAccess', { sessionId: 'a' })).entries).toHaveLength(1);
    await expect(ask('recordPatientAccess', { sessionId: 'gone', action: 'shown' })).rejects.toMatchObject({
      code: 'ERR_SESSION_NOT_FOUND',
    });
  });

  test('accesses to many sessions are written down at once, without those that are gone', async () => {
    await make();
    world.add(['a', 'b', 'c']);
    await world.store.scan();
    const answer = await ask('recordPatientAccess', { sessionIds: ['c', 'gone', 'a', 'a'], action: 'exported' });
    expect(answer).toEqual({ recorded: true, missing: ['gone'] });
    const { entries } = await ask('getPatientAccess', {});
    expect(entries.map(({ sessionId, action }) => `${sessionId} ${action}`).sort()).toEqual(['a exported', 'c exported']);
    expect(await ask('recordPatientAccess', { sessionIds: ['gone'], action: 'exported' })).toEqual({
      recorded: true,
      missing: ['gone'],
    });
  });

  test('a test of the connection without an endpoint says what is missing', async () => {
    await make({ settings: { submissionEndpoint: '' } });
    expect(await ask('testConnection', {})).toMatchObject({
      result: 'failed',
      steps: Array.from({ length: 6 }, () => ({ result: 'unknown' })),
    });
    const tried = await ask('testConnection', { change: { submissionEndpoint: 'http://127.0.0.1:9/' } });
    expect(tried.steps.find(({ step }) => step === 'connection')).toMatchObject({ result: 'failed', code: 'ECONNREFUSED' });
  });

  test('after its end it has no timer left and hears nothing', async () => {
    await make();
    await world.close();
    world.desk.storeChanged({ added: [], changed: [], removed: ['a'] });
    expect(world.timers.waiting).toBe(0);
  });
});
