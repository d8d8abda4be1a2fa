/** The console machine: connects, mirrors what it hears, goes stale, comes back. */
import { createActor, fromCallback, SimulatedClock } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { describe, expect, test } from 'vitest';
import { consoleMachine, type ConnectionEvent } from '../../machines/console.ts';
import type { CourierEvent, Status } from '../../src/common/contract.ts';

const status: Status = { pending: 3, submitted: 10, failed: 0, ignored: 0, quarantined: 0, running: true, now: 5000 };
const word: CourierEvent = { name: 'onStatus', payload: status };

describe('a console', () => {
  test('is live from the first word on and knows the clock of the service', () => {
    const { actor, hear } = startConsole();
    expect(actor.getSnapshot().value).toBe('connecting');
    hear({ type: 'words.heard', at: 4000, words: [word] });
    expect(actor.getSnapshot().value).toBe('live');
    expect(actor.getSnapshot().context).toMatchObject({ status, lastWordAt: 4000, clockOffsetMs: 1000, tries: 0 });
  });

  test('is stale twelve seconds after the last word, and keeps what it knew', () => {
    const { actor, clock, hear } = startConsole();
    hear({ type: 'words.heard', at: 1000, words: [word] });
    clock.increment(11_999);
    hear({ type: 'words.heard', at: 12_999, words: [] });
    clock.increment(11_999);
    expect(actor.getSnapshot().value).toBe('live');
    clock.increment(1);
    expect(actor.getSnapshot().value).toEqual({ stale: 'waiting' });
    expect(actor.getSnapshot().context).toMatchObject({ status, lostReason: 'silent', retryAt: 12_999 + 12_000 + 1000 });
  });

  test('tries again after 1, 2, 4, 8 and then every 15 seconds', () => {
    const { actor, clock, hear } = startConsole();
    for (const seconds of [1, 2, 4, 8, 15, 15]) {
      hear({ type: 'connection.lost', at: 0, reason: 'closed' });
      expect(actor.getSnapshot().context.retryAt).toBe(seconds * 1000);
      clock.increment(seconds * 1000 - 1);
      expect(actor.getSnapshot().value).toEqual({ stale: 'waiting' });
      clock.increment(1);
      expect(actor.getSnapshot().value).toEqual({ stale: 'trying' });
    }
  });

  test('tries at once when the operator asks, and says what changed when it is back', () => {
    const { actor, hear, told } = startConsole();
    hear({ type: 'words.heard', at: 1000, words: [word] });
    hear({ type: 'connection.lost', at: 2000, reason: 'closed' });
    actor.send({ type: 'retry.requested' });
    hear({ type: 'words.heard', at: 9000, words: [{ name: 'onStatus', payload: { ...status, pending: 1, submitted: 14 } }] });
    expect(actor.getSnapshot().value).toBe('live');
    expect(told.filter(({ type }) => type === 'service.returned')).toEqual([
      { type: 'service.returned', changes: 6, silentSince: 1000 },
    ]);
    expect(actor.getSnapshot().context).toMatchObject({ tries: 0, retryAt: null, lostReason: null });
  });

  test('closes the old connection before it opens another', () => {
    const { hear, clock, connections } = startConsole();
    hear({ type: 'connection.lost', at: 0, reason: 'refused' });
    expect(connections).toEqual({ opened: 1, open: 0 });
    clock.increment(1000);
    expect(connections).toEqual({ opened: 2, open: 1 });
  });

  test('gives a connection ten seconds for its first word', () => {
    const { actor, clock } = startConsole();
    clock.increment(10_000);
    expect(actor.getSnapshot().value).toEqual({ stale: 'waiting' });
    clock.increment(1000);
    expect(actor.getSnapshot().value).toEqual({ stale: 'trying' });
    clock.increment(10_000);
    expect(actor.getSnapshot().value).toEqual({ stale: 'waiting' });
    expect(actor.getSnapshot().context.tries).toBe(2);
  });

  test('reports a kind of message that it does not understand once', () => {
    const { actor, hear } = startConsole();
    hear({ type: 'word.garbled', at: 1, name: 'onSnapshot' });
    hear({ type: 'word.garbled', at: 2, name: 'onSnapshot' });
    hear({ type: 'word.garbled', at: 3, name: 'onLog' });
    expect(actor.getSnapshot().context.lines.map(({ message }) => message)).toEqual([
      'A message from the service could not be understood (onLog). Ignored.',
      'A message from the service could not be understood (onSnapshot). Ignored.',
    ]);
  });

  test('takes what the service lists as the truth about causes and retries', () => {
    const { actor, hear } = startConsole();
    hear({ type: 'words.heard', at: 1, words: [word] });
    actor.send({ type: 'standing.listed', causes: [], jobs: [], since: { causes: null, jobs: {} } });
    expect(actor.getSnapshot().context).toMatchObject({ causes: {}, jobs: {} });
  });

  test('says which actor is missing when nothing connects it', () => {
    const errors: unknown[] = [];
    const actor = createActor(consoleMachine);
    actor.subscribe({ error: (error) => errors.push(error) });
    actor.start();
    expect(String(errors[0])).toContain('"connection" was not provided');
  });
});

test('every state of the console is reached by its events, and none is a dead end', () => {
  const machine = consoleMachine.provide({ actors: { connection: fromCallback(() => {}) } });
  const paths = getShortestPaths(machine, {
    events: [
      { type: 'words.heard', at: 1, words: [] },
      { type: 'connection.lost', at: 1, reason: 'closed' },
      { type: 'retry.requested' },
    ],
    limit: 5000,
    serializeState: (snapshot) => JSON.stringify('value' in snapshot ? snapshot.value : null),
  });
  const reached = paths.map(({ state }) => JSON.stringify(state.value));
  expect(reached.sort()).toEqual(['"connecting"', '"live"', '{"stale":"trying"}', '{"stale":"waiting"}']);
});

function startConsole() {
  const clock = new SimulatedClock();
  const connections = { opened: 0, open: 0 };
  let say: (event: ConnectionEvent) => void = () => {};
  const connection = fromCallback(({ sendBack }) => {
    connections.opened += 1;
    connections.open += 1;
    say = sendBack;
    return () => {
      connections.open -= 1;
    };
  });
  const actor = createActor(consoleMachine.provide({ actors: { connection } }), { clock });
  const told: { type: string }[] = [];
  actor.on('*', (event) => told.push(event));
  actor.start();
  return { actor, clock, connections, told, hear: (event: ConnectionEvent) => say(event) };
}
