/**
 * The desk with a real worker and a real store over a simulated disk, on a clock that a test moves by hand; the endpoint
 * answers from a script. Only what the desk itself keeps is on the real disk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CourierEvent, EventName, EventPayload, Status } from '../../src/common/contract.ts';
import type { Outcome } from '../../src/common/outcome.ts';
import type { SessionFile } from '../../src/common/session.ts';
import { changedSettings, defaultSettings, type Settings } from '../../src/common/settings.ts';
import type { Destination } from '../../src/service/delivery/destination.ts';
import { createDesk, type Desk, type Notice } from '../../src/service/desk/desk.ts';
import { EventHub } from '../../src/service/event-hub.ts';
import { makeLog } from '../../src/service/log.ts';
import { SubmissionWorker } from '../../src/service/submission-worker.ts';
import { HandTimers, settle } from './hand-timers.ts';
import { simulatedStore } from './simulated-store.ts';
import { storedSession } from './stored-session.ts';

export const accepted: Outcome = { kind: 'accepted', httpStatus: 201 };
export const busy: Outcome = { kind: 'later', httpStatus: 503, error: 'HTTP 503 Service Unavailable' };
export const refused: Outcome = {
  kind: 'refused',
  httpStatus: 422,
  code: 'unknown-code',
  error: 'HTTP 422 Unprocessable Entity (unknown-code)',
};
export const unauthorized: Outcome = { kind: 'endpoint', httpStatus: 401, error: 'HTTP 401 Unauthorized' };
export const unheard: Outcome = { kind: 'unheard', code: 'ECONNREFUSED', error: 'connection refused (ECONNREFUSED)' };

export interface DeskWorldOptions {
  answer?: (id: string) => Outcome;
  /** How long an answer takes, ms. */
  answerMs?: number;
  settings?: Partial<Settings>;
  dataDir?: string;
}

export async function deskWorld(options: DeskWorldOptions = {}) {
  const timers = new HandTimers(1_700_000_000_000);
  const { now } = timers;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'hl7-courier-desk-'));
  const script = { answer: options.answer ?? (() => accepted), answerMs: options.answerMs ?? 0 };
  let settings = changedSettings(defaultSettings, { submissionEndpoint: 'http://127.0.0.1:9/sessions', ...options.settings });
  const problems: NonNullable<Status['problems']> = [];
  const destination = { performer: '' } as Destination;
  const posts: string[] = [];
  const notices: Notice[] = [];
  const log = makeLog({ level: 'debug', stream: { write: () => {} }, now });
  const { store, files, put, onDisk } = await simulatedStore({
    now,
    onChanged: (change) => desk.storeChanged(change),
    onQuarantined: () => desk.quarantined(),
    onWrite: (isDurable) => desk.noteWrite(isDurable),
  });
  const hub = new EventHub(() => desk.currentState(), timers);
  const statusChanges = { count: 0 };
  const desk: Desk = createDesk({
    dataDir,
    version: '1.2.3',
    store,
    worker: () => worker,
    settings: {
      current: () => settings,
      preview: (change) => changedSettings(settings, change),
    },
    hub,
    log,
    environment: {},
    now,
    timers,
    problems: () => problems,
    onStatusChanged: () => void statusChanges.count++,
    host: 'lab-pc',
    lookAtDisk: async () => ({ freeBytes: 1e12, totalBytes: 2e12 }),
  });
  desk.onNotice((notice) => notices.push(notice));
  const worker: SubmissionWorker = new SubmissionWorker({
    store,
    destination: () => (settings.submissionEndpoint === '' ? null : destination),
    post: async (_destination, { id }) => {
      posts.push(id);
      const startedAt = now();
      if (script.answerMs > 0) await new Promise<void>((answered) => timers.setTimeout(answered, script.answerMs));
      return { type: 'answered', outcome: script.answer(id), startedAt, durationMs: now() - startedAt, chance: 0 };
    },
    settings: { concurrency: settings.submissionConcurrency, attemptsMax: 3, intervalMs: 300_000, jitter: 0, destination: 'lab' },
    now,
    random: () => 0,
    clock: timers as never,
    inspect: (event) => desk.inspect(event),
  });
  await desk.start();
  let counter = 100;
  return {
    timers,
    dataDir,
    script,
    problems,
    posts,
    notices,
    log,
    store,
    files,
    onDisk,
    hub,
    desk,
    worker,
    statusChanges,
    changeSettings: (change: Partial<Settings>) => (settings = changedSettings(settings, change)),
    /** Puts sessions on the disk, in the order of their first byte. */
    add(ids: readonly string[], more: Partial<SessionFile> = {}) {
      for (const id of ids) {
        counter += 1;
        const startTime = now() - 60_000 + counter;
        put(
          storedSession(id, {
            sessionId: counter,
            startTime,
            endTime: startTime + 50,
            _saved_at: startTime + 60,
            persistedUntil: now() + 1e9,
            ...more,
          }),
        );
      }
    },
    /** Runs a cycle now, until the worker rests again. */
    async cycle() {
      worker.triggerNow();
      await settle();
      for (let step = 0; step < 2000 && worker.status().state !== 'idle'; step++) await timers.pass(100);
      await timers.pass(100);
    },
    /** A console: what it hears, by name. */
    console() {
      const heard: CourierEvent[] = [];
      const leave = hub.subscribe((event) => heard.push(event));
      return {
        heard,
        leave,
        of: <Name extends EventName>(name: Name) =>
          heard.flatMap((event) => (event.name === name ? [event.payload as EventPayload<Name>] : [])),
      };
    },
    async close() {
      worker.actor.stop();
      await desk.close();
      await store.close();
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
export type DeskWorld = Awaited<ReturnType<typeof deskWorld>>;
