/** The mirror of the service: what each word changes, and what it leaves. */
import { describe, expect, test } from 'vitest';
import { changeOf, changesBetween, emptyMirror, mirrored, withGarbled, withListed } from '../../../machines/console-mirror.ts';
import type { CourierEvent, SessionSummary, Status } from '../../../src/common/contract.ts';
import { causesOf, jobsOf, logOf, sessionsOf, settingsOf, transitionsOf, underWayOf } from '../../support/scripted-data.ts';

const now = 1_790_000_000_000;
const status: Status = { pending: 1, submitted: 2, failed: 3, ignored: 4, quarantined: 0, running: true };
const [first, second] = sessionsOf('busy', now, 2) as [SessionSummary, SessionSummary];

describe('what is heard is mirrored', () => {
  test('each word in its place, and nothing else', () => {
    const settings = settingsOf('busy');
    const underWay = underWayOf('busy', now);
    const progress = { inFlight: 1, queueSize: 2, activeWorker: true };
    const snapshot = { machine: 'worker', id: 'worker', value: 'idle', context: {} };
    const cleanup = { filesDeleted: 1, bytesFreed: 2, filesInTrash: 3, startTime: 4, endTime: 5, dryRun: false };
    const [cause] = causesOf('busy', now);
    const [job] = jobsOf('busy', now);
    if (cause === undefined || job === undefined) throw new Error('no data');
    const words: CourierEvent[] = [
      { name: 'onStatus', payload: status },
      { name: 'onSettings', payload: settings },
      { name: 'onSubmissionProgress', payload: progress },
      { name: 'onSnapshot', payload: snapshot },
      { name: 'onSnapshot', payload: { machine: 'session', id: 's1', value: 'ready', context: {} } },
      { name: 'onUnderWay', payload: underWay },
      { name: 'onCauses', payload: { causes: [cause] } },
      { name: 'onRetryJob', payload: job },
      { name: 'onCleanupSummary', payload: cleanup },
      {
        name: 'onSubmissionResult',
        payload: { sessionId: 's1', success: true, submissionStatus: 'submitted', submissionAttempts: 1 },
      },
      { name: 'onSessionsChanged', payload: { added: [first], changed: [], removed: [] } },
    ];
    expect(mirrored(emptyMirror, { words, at: 9 })).toEqual({
      ...emptyMirror,
      status,
      settings,
      progress,
      snapshots: { worker: snapshot },
      underWay,
      causes: { [cause.id]: cause },
      jobs: { [job.id]: job },
      cleanup,
      lastWordAt: 9,
    });
  });

  test('transitions and log lines, the latest first, and no more than are shown', () => {
    const transitions = transitionsOf('busy', now).toReversed();
    const lines = logOf('busy', now).toReversed();
    const once = mirrored(emptyMirror, {
      words: [
        { name: 'onTransitions', payload: { transitions, dropped: 0 } },
        { name: 'onLog', payload: { lines } },
      ],
      at: 1,
    });
    expect(once.transitions[0]).toEqual(transitions.at(-1));
    expect(once.lines[0]).toEqual(lines.at(-1));
    let many = once;
    for (let round = 0; round < 40; round += 1)
      many = mirrored(many, {
        words: [
          { name: 'onTransitions', payload: { transitions, dropped: 0 } },
          { name: 'onLog', payload: { lines } },
        ],
        at: round,
      });
    expect(many.transitions).toHaveLength(300);
    expect(many.lines).toHaveLength(2000);
  });

  test('what no word concerns keeps its identity', () => {
    const before = mirrored(emptyMirror, { words: [{ name: 'onStatus', payload: status }], at: 1 });
    const after = mirrored(before, { words: [], at: 2 });
    expect(after.status).toBe(before.status);
    expect(after.transitions).toBe(before.transitions);
  });
});

test('the session changes of a frame are put together, each session as it is now', () => {
  const later = { ...second, submissionAttempts: 7 };
  const words: CourierEvent[] = [
    { name: 'onStatus', payload: status },
    { name: 'onSessionsChanged', payload: { added: [first, second], changed: [], removed: [] } },
    { name: 'onSessionsChanged', payload: { added: [], changed: [later], removed: [first.sessionId] } },
  ];
  expect(changeOf(words)).toEqual({ added: [later], changed: [], removed: [first.sessionId] });
});

test('changes between two statuses are counted, and none before the first', () => {
  const words: CourierEvent[] = [{ name: 'onStatus', payload: { ...status, pending: 3, submitted: 1 } }];
  expect(changesBetween(status, words)).toBe(3);
  expect(changesBetween(null, words)).toBe(0);
  expect(changesBetween(status, [])).toBe(0);
});

test('a garbled kind is a line in the log, once, at the time of the service', () => {
  const once = { ...emptyMirror, ...withGarbled({ ...emptyMirror, clockOffsetMs: 500 }, { name: 'onLog', at: 1000 }) };
  expect(once.lines).toMatchObject([{ at: 1500, level: 'warn' }]);
  expect(withGarbled(once, { name: 'onLog', at: 2000 })).toEqual({ garbled: ['onLog'], lines: once.lines });
});

test('a list of what stands replaces what was known, but for what was heard after it was asked for', () => {
  const [ended, heard, told] = causesOf('busy', now);
  const [job] = jobsOf('busy', now);
  if (ended === undefined || heard === undefined || told === undefined || job === undefined) throw new Error('no data');
  const since = { causes: { [ended.id]: ended, [heard.id]: heard }, jobs: { [job.id]: job } };
  const newer = { ...heard, count: heard.count + 1 };
  const mirror = { ...emptyMirror, ...since, causes: { ...since.causes, [heard.id]: newer } };
  const listed = withListed(mirror, { causes: [heard, told], jobs: [], since });
  expect(listed).toEqual({ causes: { [heard.id]: newer, [told.id]: told }, jobs: {} });
});
