/**
 * The operator's desk: what the console shows beyond delivery itself, put together from the store, the worker, the
 * settings and the log (docs/console-contract.md).
 *   worker, store, machines -> watch, causes, ledger -> events, `statusExtras`, answers (desk-handlers.ts)
 * Composes; the rules are in the files beside it. May import: node, xstate, src/common, machines, src/service.
 */
import { hostname } from 'node:os';
import { type Actor, createActor, type InspectionEvent } from 'xstate';
import type { CourierEvent, SessionFilter, SessionSummary, Status } from '../../common/contract.ts';
import { unusableEndpointCode } from '../../common/problem-codes.ts';
import { interruptionMachine } from '../../../machines/interruption.ts';
import type { SessionOutput } from '../../../machines/session.ts';
import type { Timers } from '../event-hub.ts';
import type { QueryScope } from '../store/reader.ts';
import type { StoreChange } from '../store/session-store.ts';
import type { Survey } from '../store/session-survey.ts';
import { heardWithinADay } from '../store/device-survey.ts';
import { ActivityLedger } from './activity-ledger.ts';
import { CauseRules } from './cause-rules.ts';
import { type Notice, noticeOf } from './cause-words.ts';
import { CauseBook } from './causes.ts';
import { type DeskFile, readDeskFile } from './desk-file.ts';
import { type DeskHandlers, deskHandlers } from './desk-handlers.ts';
import { DeskKeeper } from './desk-keeper.ts';
import type { DeskDeps } from './desk-needs.ts';
import { DeskNews } from './desk-news.ts';
import { DiskWatch } from './disk-watch.ts';
import { ChangeFeed } from './feed.ts';
import { MachineWatch } from './machine-watch.ts';
import { PatientAccessLog } from './patient-access.ts';
import { RetryJobs } from './retry-jobs.ts';
import { decorated, isHeld, scopeOf, type StandingView } from './session-standing.ts';
import { SavedCount, statusExtras } from './status-extras.ts';
import { SurveyLoop } from './survey-loop.ts';

export type { DeskDeps } from './desk-needs.ts';
export type { Notice } from './cause-words.ts';

export interface Desk {
  handlers: DeskHandlers;
  /** For `createActor`'s `inspect`, of the worker and of every other machine. */
  inspect(event: InspectionEvent): void;
  /** Reads what was kept, and begins to watch the worker. To be called once, before the worker starts. */
  start(): Promise<void>;
  /** For the store's `onChanged`. */
  storeChanged(change: StoreChange): void;
  /** For the store's `onQuarantined`. */
  quarantined(): void;
  captureChanged(capture: NonNullable<Status['capture']>): void;
  /** `problems` of the deps would answer something else now. */
  problemsChanged(): void;
  /** For the store's `onWrite`. */
  noteWrite(isDurable: boolean): void;
  statusExtras(): Partial<Status>;
  /** Devices heard in the last 24 hours, for `status.capture.devices`; 0 before the first look. */
  readonly devicesHeard: number;
  /** Summaries as the store gives them, with their derived fields. */
  decorate(summaries: readonly SessionSummary[]): SessionSummary[];
  /** A filter as the store understands it, for `getSessions` and every request with a filter. */
  scopeOf(filter: SessionFilter): Promise<{ filter: SessionFilter; scope: QueryScope }>;
  /** What a console hears first of all this, in the order of the contract: to come after `onSubmissionProgress`. */
  currentState(): CourierEvent[];
  /** Calls back once at the start of a cause and once at its end. The returned function ends it. */
  onNotice(listener: (notice: Notice) => void): () => void;
  /** Ends all timers and writes what is not written yet. */
  close(): Promise<void>;
}

export function createDesk(deps: DeskDeps): Desk {
  const room = new DeskRoom(deps);
  return {
    handlers: deskHandlers(room),
    inspect: (event) => room.watch.inspect(event),
    start: () => room.start(),
    storeChanged: (change) => room.storeChanged(change),
    quarantined: () => room.quarantined(),
    captureChanged: (capture) => room.rules.captureChanged(capture),
    problemsChanged: () => room.problemsChanged(),
    noteWrite: (isDurable) => room.disk.noteWrite(isDurable),
    statusExtras: () => room.statusExtras(),
    get devicesHeard() {
      return room.devicesHeard;
    },
    decorate: (summaries) => decorated(summaries, room.view),
    scopeOf: (filter) => room.scopeOf(filter),
    currentState: () => room.currentState(),
    onNotice: (listener) => room.onNotice(listener),
    close: () => room.close(),
  };
}

export class DeskRoom {
  readonly deps: DeskDeps;
  readonly watch: MachineWatch;
  readonly feed: ChangeFeed;
  readonly view: StandingView;
  readonly disk: DiskWatch;
  readonly jobs: RetryJobs;
  readonly ledger: ActivityLedger;
  readonly access: PatientAccessLog;
  readonly keeper: DeskKeeper;
  /** Replaced once by `start`, when what was kept is known. */
  causes: CauseBook;
  rules: CauseRules;
  devicesHeard = 0;
  readonly #timers: Timers;
  readonly #host: string;
  readonly #listeners = new Set<(notice: Notice) => void>();
  readonly #ends: (() => void)[] = [];
  readonly #news: DeskNews;
  readonly #surveys: SurveyLoop;
  readonly #saved = new SavedCount();
  readonly #interruption: Actor<typeof interruptionMachine>;
  readonly closing = new AbortController();
  #survey: Survey | null = null;
  #lastInterruptionEndedAt: number | undefined;

  constructor(deps: DeskDeps) {
    const { store, hub, now, timers = { setTimeout, clearTimeout }, dataDir } = deps;
    this.deps = deps;
    this.#timers = timers;
    this.#host = deps.host ?? hostname();
    this.ledger = new ActivityLedger(now());
    this.access = new PatientAccessLog({ dataDir });
    [this.causes, this.rules] = this.#openCauses([]);
    this.#interruption = createActor(interruptionMachine, { clock: timers });
    this.#interruption.on('end.due', ({ cause, since }) => this.#notify(noticeOf(cause, 'ended', since)));
    this.#interruption.start();
    this.watch = new MachineWatch({
      now,
      attemptLimitMs: () => deps.settings.current().submissionTimeoutSeconds * 1000,
      isHeard: () => hub.isHeard,
      onChange: () => this.feed.request(),
      onAttempt: (startedAt, durationMs) => this.ledger.countAttempt(startedAt, durationMs),
    });
    this.view = {
      lanes: this.watch.lanes,
      worker: () => deps.worker().status(),
      hasEndpoint: () =>
        deps.settings.current().submissionEndpoint !== '' &&
        !(deps.problems?.() ?? []).some(({ code }) => code === unusableEndpointCode),
      isStanding: (causeId) => this.causes.isStanding(causeId),
      now,
    };
    const onError = (error: unknown) =>
      deps.log.warn({ err: error }, 'The console could not be told what changed; it is tried again with the next change.');
    const slots = () => deps.settings.current().submissionConcurrency;
    this.feed = new ChangeFeed({
      hub,
      timers,
      store,
      worker: deps.worker,
      watch: this.watch,
      view: this.view,
      slots,
      now,
      onError,
    });
    this.jobs = new RetryJobs({
      now,
      store,
      triggerNow: () => void deps.worker().triggerNow(),
      stateOf: (id) => this.watch.lanes.get(id)?.state,
      onChange: (job) => this.#news.jobChanged(job),
    });
    this.disk = new DiskWatch({
      dataDir,
      now,
      timers,
      onChange: (disk) => {
        this.rules.diskChanged(disk);
        deps.onStatusChanged?.();
      },
      ...(deps.lookAtDisk === undefined ? {} : { look: deps.lookAtDisk }),
    });
    this.#news = new DeskNews(hub, timers);
    this.keeper = new DeskKeeper({ dataDir, log: deps.log, timers, content: () => this.#kept() });
    this.#surveys = new SurveyLoop({
      store,
      now,
      timers,
      onSurvey: (survey, look) => this.#surveyed(survey, look),
      onDevices: (devices) => {
        this.devicesHeard = heardWithinADay(devices, now());
        this.rules.devicesSeen(devices);
      },
      onError: (error) => deps.log.warn({ err: error }, 'The sessions could not be counted; it is tried again.'),
    });
  }

  async start(): Promise<void> {
    const { dataDir, now, log, worker } = this.deps;
    const kept = await readDeskFile(dataDir, now(), log);
    this.#lastInterruptionEndedAt = kept.lastInterruptionEndedAt;
    this.rules.close();
    [this.causes, this.rules] = this.#openCauses(kept.causes);
    this.rules.problemsChanged(this.deps.problems?.() ?? []);
    this.#ends.push(
      worker().on({
        deliveryEnded: (output) => this.#deliveryEnded(output),
        circuitChanged: (circuit) => {
          // An end that is still owed comes before the next beginning, which the rules tell.
          if (circuit.state === 'open') this.#interruption.send({ type: 'circuit.opened' });
          if (circuit.state === 'closed') this.#interruption.send({ type: 'circuit.closed' });
          this.rules.circuitChanged(circuit, worker().status().nextCycleAt);
          this.#standingChanged();
        },
        cycleEnded: (_end, _tally, isFollowed) => {
          // The worker sets its timer a moment later.
          queueMicrotask(() => {
            const { circuit, nextCycleAt } = worker().status();
            this.rules.cycleEnded(circuit, nextCycleAt);
            this.#interruption.send({ type: 'cycle.ended', isFollowed });
            this.#standingChanged();
          });
        },
      }),
      log.onLine((line) => this.#news.line(line)),
      () => {
        this.#interruption.send({ type: 'stop.requested' });
        this.#interruption.stop();
      },
    );
    // Neither holds up the start: the first look at the folder may take seconds, a network disk does not say how full it is.
    void this.disk.start();
    this.#surveys.start();
  }

  storeChanged(change: StoreChange): void {
    this.#saved.add(change.added.length, this.deps.now());
    this.#surveys.noteChange();
    this.feed.storeChanged(change);
  }

  /** Before the start nothing is told of: what was kept is not read yet, and would be written over. */
  problemsChanged(): void {
    if (this.#ends.length === 0) return;
    const wasUnusable = this.causes.isStanding('endpoint');
    this.rules.problemsChanged(this.deps.problems?.() ?? []);
    if (this.causes.isStanding('endpoint') !== wasUnusable) this.#standingChanged();
  }

  quarantined(): void {
    this.#surveys.noteChange();
    this.rules.quarantined();
  }

  statusExtras(): Partial<Status> {
    const { now, version, worker, settings } = this.deps;
    return statusExtras({
      now: now(),
      version,
      host: this.#host,
      worker: worker().status(),
      lanes: this.watch.lanes.values(),
      slots: settings.current().submissionConcurrency,
      survey: this.#survey,
      savedRecently: this.#saved.recent(now()),
      disk: this.disk.current,
      openCauses: this.causes.openCount,
      lastInterruptionEndedAt: this.#lastInterruptionEndedAt,
    });
  }

  scopeOf(filter: SessionFilter): Promise<{ filter: SessionFilter; scope: QueryScope }> {
    return scopeOf(filter, this.view, (causeId) => this.deps.store.idsOfCause(causeId));
  }

  currentState(): CourierEvent[] {
    const standing: CourierEvent = { name: 'onCauses', payload: { causes: this.causes.standing } };
    return [
      ...this.watch.longLived.map((seen) => ({ name: 'onSnapshot' as const, payload: this.feed.snapshotEvent(seen) })),
      { name: 'onUnderWay', payload: this.feed.underWay() },
      standing,
      ...this.jobs.running.map((payload) => ({ name: 'onRetryJob' as const, payload })),
    ];
  }

  onNotice(listener: (notice: Notice) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.#surveys.close();
    for (const end of this.#ends.splice(0)) end();
    this.disk.close();
    this.rules.close();
    this.jobs.close();
    await Promise.all([this.feed, this.#news, this.keeper, this.access].map((part) => part.close()));
  }

  #openCauses(kept: ConstructorParameters<typeof CauseBook>[0]['kept']): [CauseBook, CauseRules] {
    const { now } = this.deps;
    const book = new CauseBook({
      now,
      kept,
      onChange: (cause) => {
        this.#news.causeChanged(cause);
        this.deps.onStatusChanged?.();
      },
      onTurn: (cause, turn) => {
        if (cause.kind !== 'circuit' || turn === 'began') return this.#notify(noticeOf(cause, turn));
        this.#lastInterruptionEndedAt = cause.endedAt;
        this.#interruption.send({ type: 'interruption.ended', cause });
      },
      onKeep: () => this.keeper.request(),
    });
    return [book, new CauseRules(book, now, this.#timers)];
  }

  #notify(notice: Notice): void {
    for (const listener of this.#listeners) listener(notice);
  }

  #deliveryEnded(output: SessionOutput): void {
    this.#surveys.noteChange();
    this.#interruption.send({ type: 'delivery.ended', verdict: output.verdict });
    this.rules.deliveryEnded(output, this.deps.worker().status().circuit);
    this.jobs.deliveryEnded(output);
  }

  #standingChanged(): void {
    this.#surveys.noteChange();
    this.feed.pendingChanged();
    this.deps.onStatusChanged?.();
  }

  #surveyed(survey: Survey, look: { quarantined: number; askedAt: number }): void {
    this.#survey = survey;
    const retried = new Set(this.jobs.running.map(({ causeId }) => causeId));
    this.rules.surveyed(survey, { ...look, isRetried: (causeId) => retried.has(causeId) });
    this.ledger.noteHeld(isHeld(this.view) ? survey.pending.count : 0, this.deps.now());
    this.deps.onStatusChanged?.();
  }

  #kept(): DeskFile {
    const last = this.#lastInterruptionEndedAt;
    return { version: 1, ...(last === undefined ? {} : { lastInterruptionEndedAt: last }), causes: this.causes.kept() };
  }
}
