/**
 * The whole service in one piece, as a host carries it: store, settings and delivery around the submission worker, and
 * the contract answered by them.
 *   settings -> destination -> worker -> store -> events;  console -> api -> handlers
 * Composes, and holds no rule of its own. May import: src/common, machines, src/service.
 */
import type { InspectionEvent } from 'xstate';
import type { CourierApi, CourierEvent, Result, Status } from '../common/contract.ts';
import type { WithdrawnReason } from '../common/delivery.ts';
import { CourierError } from '../common/errors.ts';
import type { OutcomeClass } from '../common/outcome.ts';
import type { SessionFile } from '../common/session.ts';
import type { SettingKey, Settings } from '../common/settings.ts';
import type { SessionOutput } from '../../machines/session.ts';
import type { CycleEnd, DeliverySettings } from '../../machines/worker.ts';
import { makeDestination } from './delivery/destination.ts';
import { postBody } from './delivery/post-session.ts';
import type { Environment } from './delivery/proxy.ts';
import { captureHandlers } from './capture-handlers.ts';
import { captureService, type CaptureService } from './capture/capture-service.ts';
import { createDesk, type Desk } from './desk/desk.ts';
import { concernsDestination, DestinationHolder } from './destination-holder.ts';
import { EventHub } from './event-hub.ts';
import type { Handlers } from './handlers.ts';
import { ImportDesk, importHandlers } from './imports/import-desk.ts';
import type { ServiceLog } from './log.ts';
import { Problems } from './problems.ts';
import { type CleanupSummary, Retention } from './retention/retention.ts';
import { sessionCounter } from './session-counter.ts';
import { sessionHandlers } from './session-handlers.ts';
import { openSettings, type SecretStore, type SettingsBacking, type SettingsStore } from './settings/settings-store.ts';
import { acquireOwnership } from './store/owner-lock.ts';
import { openSessionStore, type SessionStore, type StoreChange } from './store/session-store.ts';
import { StatusFeed } from './status-feed.ts';
import { noEndpoint, ServiceNews } from './service-news.ts';
import { type DeliveryStore, SubmissionWorker } from './submission-worker.ts';

export interface ServiceOptions {
  dataDir: string;
  /** What owns the data directory, for the message to a second one: `serve`, `submit`, `desktop`. */
  command: string;
  /** Settings of this run, not stored (`--set`). */
  overrides?: Readonly<Record<string, unknown>>;
  environment: Environment;
  log: ServiceLog;
  version: string;
  /** The demo: what is shown is invented. */
  isSampleData?: boolean;
  /** False when nobody watches: no desk's eye on every transition. */
  isAttended?: boolean;
  /** What only the host can answer. */
  hostHandlers?: Pick<Handlers, 'getHostOptions' | 'setHostOptions' | 'chooseFile'>;
  now?: () => number;
  random?: () => number;
  /** Where settings and secrets are kept, if not in the data directory. */
  settingsBacking?: SettingsBacking;
  secretStore?: SecretStore;
}

/** What one run of the worker came to, for the command line. */
export interface RunResult {
  /** Last word on each session of this run. */
  verdicts: Map<string, SessionOutput['verdict']>;
  end: CycleEnd;
}

/** What metrics say of one POST. */
export interface AttemptFigures {
  outcome: OutcomeClass;
  durationMs: number;
}

const minuteMs = 60_000;
/** How soon what somebody did to the files of the settings is noticed between two cycles. */
const lookIntervalMs = 15_000;

/**
 * Takes ownership of the data directory and opens everything in it; nothing is sent before `start` or `runOneCycle`.
 * @throws CourierError `ERR_STORE_OWNED`, `ERR_DATA_FOLDER_UNUSABLE`, or for settings that cannot be used.
 */
export async function openService(options: ServiceOptions): Promise<Service> {
  const { dataDir, command, log, environment, now = Date.now } = options;
  const ownership = await acquireOwnership(dataDir, { command });
  try {
    const settings = openSettings({
      dataDir,
      environment,
      log: log.room('settings'),
      now,
      verify: (next, changed) => {
        if (concernsDestination(changed)) makeDestination(next, { environment })?.close();
      },
      ...(options.overrides === undefined ? {} : { overrides: options.overrides }),
      ...(options.settingsBacking === undefined ? {} : { backing: options.settingsBacking }),
      ...(options.secretStore === undefined ? {} : { secretStore: options.secretStore }),
    });
    log.setLevel(settings.current().logLevel);
    const storeLog = log.room('store');
    // The store is open before there is a service to tell.
    const listener: StoreListener = { changed: () => {}, quarantined: () => {} };
    const store = await openSessionStore({
      dataDir,
      now,
      log: ({ level, message, ...fields }) => storeLog[level](fields, message),
      attemptsMax: () => settings.current().submissionMaxRetries,
      onChanged: (change) => listener.changed(change),
      onQuarantined: () => listener.quarantined(),
    });
    return new Service(options, { settings, store, listener, release: () => ownership.release() });
  } catch (error) {
    ownership.release();
    throw error;
  }
}

/** Where the store's news go. */
interface StoreListener {
  changed(change: StoreChange): void;
  quarantined(): void;
}

interface ServiceParts {
  settings: SettingsStore;
  store: SessionStore;
  listener: StoreListener;
  release: () => void;
}

export class Service {
  readonly settings: SettingsStore;
  readonly store: SessionStore;
  readonly worker: SubmissionWorker;
  readonly retention: Retention;
  readonly desk: Desk;
  readonly log: ServiceLog;
  /** What the console, the desktop's IPC and the HTTP API call. */
  readonly api: CourierApi;
  readonly #options: ServiceOptions;
  readonly #hub: EventHub;
  readonly #problems: Problems;
  readonly #destinations: DestinationHolder;
  readonly #statusFeed: StatusFeed;
  readonly #release: () => void;
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #attemptListeners = new Set<(attempt: AttemptFigures) => void>();
  readonly #machineWatchers: ((event: InspectionEvent) => void)[] = [];
  #capture: CaptureService | null = null;
  #imports: Promise<ImportDesk> | null = null;
  #counter: Promise<() => number> | null = null;
  #lookTimer: NodeJS.Timeout | undefined;
  #isRunning = false;

  constructor(options: ServiceOptions, parts: ServiceParts) {
    const { now = Date.now, random = Math.random, log } = options;
    const timers = { setTimeout, clearTimeout };
    this.#options = options;
    this.#now = now;
    this.#startedAt = now();
    this.#release = parts.release;
    this.settings = parts.settings;
    this.store = parts.store;
    this.log = log;
    this.#hub = new EventHub(() => this.#currentState());
    this.#problems = new Problems(now, (problem) => {
      if (problem !== null) log.warn({ code: problem.code }, problem.message);
      this.#problemsChanged();
    });
    this.#statusFeed = new StatusFeed({
      status: () => this.status(),
      hub: this.#hub,
      timers,
      onError: (error) => log.warn({ err: error }, 'The status could not be told to the console; it is tried again.'),
    });
    this.desk = createDesk({
      dataDir: options.dataDir,
      version: options.version,
      environment: options.environment,
      store: this.store,
      worker: () => this.worker,
      settings: this.settings,
      hub: this.#hub,
      log,
      now,
      timers,
      problems: () => this.#allProblems(),
      onStatusChanged: () => this.#statusFeed.changed(),
    });
    parts.listener.changed = (change) => {
      this.desk.storeChanged(change);
      this.#statusFeed.changed();
    };
    parts.listener.quarantined = () => this.desk.quarantined();
    this.#destinations = new DestinationHolder(this.settings.current(), options.environment, this.#problems);
    const watch = options.isAttended === false ? {} : { inspect: this.desk.inspect };
    this.worker = new SubmissionWorker({
      store: this.#lookedAtBeforeEachCycle(),
      destination: () => this.#destinations.current,
      post: async (destination, post) => {
        const answer = await postBody(destination, post);
        for (const listener of this.#attemptListeners) listener({ outcome: answer.outcome.kind, durationMs: answer.durationMs });
        return answer;
      },
      settings: this.#deliverySettings(this.settings.current()),
      now,
      random,
      ...watch,
    });
    const news = new ServiceNews({
      hub: this.#hub,
      log,
      problems: this.#problems,
      endpointComplaint: () => this.#destinations.complaint,
    });
    this.worker.on(news.ofWorker);
    this.worker.on({
      changed: () => {
        if (!this.#hub.isHeard) return;
        this.#hub.tellLatest('onSubmissionProgress', '', this.#progress());
        this.#statusFeed.changed();
      },
    });
    this.retention = new Retention({
      store: this.store,
      settings: this.settings.current(),
      now,
      onSummary: (summary) => news.cleanedUp(summary),
      onFailure: (error) => log.error({ err: error }, 'A clean-up failed; the next one tries again.'),
      ...watch,
    });
    this.settings.onProblems(() => this.#problemsChanged());
    this.settings.onChange((settings, changed) => this.#settingsChanged(settings, changed));
    const handlers = this.#handlers();
    this.api = {
      request: async (name, params) => {
        const handler = handlers[name];
        if (handler === undefined) throw new CourierError('ERR_REQUEST_UNKNOWN', `This service does not answer ${name}.`);
        return (await (handler as (given: typeof params) => unknown)(params)) as Result<typeof name>;
      },
      subscribe: (listener) => this.#hub.subscribe(listener),
    };
  }

  /** Begins to work: a first cycle at once, then by the timer. */
  async start(): Promise<void> {
    this.#isRunning = true;
    this.#lookTimer = setInterval(() => this.look(), lookIntervalMs);
    await this.desk.start();
    this.#statusFeed.start();
    this.worker.start();
    this.retention.start();
    // Removes what an earlier import left behind, too.
    await this.#openedImports();
    this.#capture = await this.#startCapture();
  }

  /** Sends nothing new, and waits for what is in flight (10 s at most) and its records. */
  async drain(): Promise<void> {
    await this.worker.stop();
    this.#hub.flush();
  }

  /** Drains, ends all threads and gives the data directory back. */
  async stop(): Promise<void> {
    clearInterval(this.#lookTimer);
    this.retention.stop();
    await (await this.#imports)?.close();
    // What was captured is on disk before the rest ends.
    await this.#capture?.close();
    await this.drain();
    this.#isRunning = false;
    await this.#statusFeed.close();
    await this.desk.close();
    await this.store.close();
    this.#destinations.close();
    this.#release();
  }

  /**
   * One cycle, and those that follow it at once; `stop` ends it early.
   * @param onDelivery called after each delivery.
   */
  async runOneCycle(onDelivery?: (output: SessionOutput) => void): Promise<RunResult> {
    const verdicts = new Map<string, SessionOutput['verdict']>();
    const { promise, resolve } = Promise.withResolvers<CycleEnd>();
    const ignore = this.worker.on({
      deliveryEnded: (output) => {
        // Gone, or settled by another hand before its POST: it is not pending, so this run did not put it off.
        if (output.withdrawn !== null && isSettledElsewhere.has(output.withdrawn)) return;
        verdicts.set(output.id, output.verdict);
        onDelivery?.(output);
      },
      cycleEnded: (end, _tally, isFollowed) => {
        if (!isFollowed) resolve(end);
      },
    });
    this.#isRunning = true;
    this.worker.start();
    const end = await promise;
    ignore();
    return { verdicts, end };
  }

  /** One clean-up, without anything else of the service running. @throws what kept it from its work. */
  async cleanUpOnce({ isDryRun }: { isDryRun: boolean }): Promise<CleanupSummary> {
    const { promise, resolve, reject } = Promise.withResolvers<CleanupSummary>();
    const retention = new Retention({
      store: this.store,
      settings: this.settings.current(),
      now: this.#now,
      onSummary: resolve,
      onFailure: reject,
    });
    retention.start();
    retention.request({ isDryRun });
    try {
      return await promise;
    } finally {
      retention.stop();
    }
  }

  /** Notices what was done to the files that the settings are kept in or name; called at each cycle and from time to time. */
  look(): void {
    try {
      this.settings.look();
      if (!this.#destinations.look()) return;
      this.log.info({}, 'The certificates were renewed in their files and are used from now on.');
      this.worker.applySettings(this.#deliverySettings(this.settings.current()));
    } catch (error) {
      // Delivery does not end over a look.
      this.log.error({ err: error }, 'The files of the settings could not be looked at; it is tried again.');
    }
  }

  /** Why no session can be sent with these settings; null when one can. */
  get endpointComplaint(): string | null {
    if (this.#destinations.current !== null) return null;
    return this.#destinations.complaint ?? noEndpoint;
  }

  hasProblem(code: string): boolean {
    return this.#problems.has(code);
  }

  /** Hears every POST that was answered or given up, for metrics. */
  onAttempt(listener: (attempt: AttemptFigures) => void): void {
    this.#attemptListeners.add(listener);
  }

  /** Shows every machine's events to a development tool. */
  watchMachines(inspect: (event: InspectionEvent) => void): void {
    this.#machineWatchers.push(inspect);
    for (const { system } of [this.worker.actor, this.retention.actor, this.#capture?.actor].filter(
      (actor) => actor !== undefined,
    ))
      system.inspect(inspect);
  }

  get destination() {
    return this.#destinations.current;
  }

  async status(): Promise<Status> {
    const counts = await this.store.counts();
    const { heldBack, oldestPendingAt, lastAcceptedAt, pending, submitted, failed, ignored, quarantined } = counts;
    return {
      pending,
      submitted,
      failed,
      ignored,
      quarantined,
      running: this.#isRunning,
      heldBack,
      ...(oldestPendingAt === undefined ? {} : { oldestPendingAt }),
      ...(lastAcceptedAt === undefined ? {} : { lastAcceptedAt }),
      problems: this.#allProblems(),
      startedAt: this.#startedAt,
      ...this.desk.statusExtras(),
      capture: this.#captureStatus(),
      ...(this.#options.isSampleData === true ? { sampleData: true } : {}),
      ...(this.#destinations.current === null ? {} : { endpoint: this.#destinations.current.shownUrl }),
    };
  }

  #handlers(): Partial<Handlers> {
    return {
      ...this.desk.handlers,
      ...sessionHandlers(this.store, this.worker, this.desk),
      ...captureHandlers(() => this.#capture),
      ...importHandlers(() => this.#openedImports()),
      ...this.#options.hostHandlers,
      triggerSubmissionNow: () => this.worker.triggerNow(),
      runCleanupNow: ({ dryRun }) => this.retention.request({ isDryRun: dryRun ?? this.settings.current().dryRunMode }),
      getStatus: () => this.status(),
      getSettings: () => this.settings.shown(),
      updateSettings: (change) => this.settings.update(change),
      getSettingsVersions: () => ({ versions: this.settings.versions() }),
      restoreSettingsVersion: ({ version }) => this.settings.restoreVersion(version),
    };
  }

  /** One row of numbers for what is captured and what is imported meanwhile. */
  #nextCounter(): Promise<() => number> {
    return (this.#counter ??= sessionCounter(this.store));
  }

  /** Opened by the first who needs it: a console may ask before everything has started. */
  #openedImports(): Promise<ImportDesk> {
    return (this.#imports ??= this.#openImports());
  }

  async #openImports(): Promise<ImportDesk> {
    return ImportDesk.open({
      dataDir: this.#options.dataDir,
      settings: () => this.settings.current(),
      add: (session) => this.store.add(session),
      nextCounter: await this.#nextCounter(),
      onAdded: () => this.worker.triggerNow(),
      log: this.log.room('import'),
    });
  }

  async #startCapture(): Promise<CaptureService> {
    const { random = Math.random } = this.#options;
    const capture = captureService({
      settings: this.settings.current(),
      store: { add: (session) => this.#keepCaptured(session) },
      log: this.log.room('capture'),
      now: this.#now,
      random,
      nextCounter: await this.#nextCounter(),
      inspect: this.desk.inspect,
    });
    for (const inspect of this.#machineWatchers) capture.actor.system.inspect(inspect);
    capture.actor.subscribe(() => {
      this.desk.captureChanged(this.#captureStatus());
      this.#statusFeed.changed();
    });
    return capture;
  }

  async #keepCaptured(session: SessionFile): Promise<void> {
    if (this.settings.current().enablePersistence) await this.store.add(session);
    else this.log.once('notKept', 'warn', {}, 'enablePersistence is off: captured sessions are neither kept nor delivered.');
  }

  #captureStatus(): NonNullable<Status['capture']> {
    const devices = this.desk.devicesHeard;
    return this.#capture === null ? { state: 'stopped', gaps: 0 } : { ...this.#capture.status(), devices };
  }

  #progress() {
    const { inFlight, queueSize, state } = this.worker.status();
    return { inFlight, queueSize, activeWorker: state === 'discovering' || state === 'dispatching' };
  }

  #currentState(): CourierEvent[] {
    const status = this.#statusFeed.latest;
    return [
      ...(status === null ? [] : [{ name: 'onStatus' as const, payload: status }]),
      { name: 'onSettings', payload: this.settings.shown() },
      { name: 'onSubmissionProgress', payload: this.#progress() },
      ...this.desk.currentState(),
    ];
  }

  #allProblems(): NonNullable<Status['problems']> {
    return [...this.#problems.all, ...this.settings.problems()];
  }

  #problemsChanged(): void {
    // Told while the service is being put together, too.
    this.desk?.problemsChanged();
    this.#statusFeed?.changed();
  }

  /** The store, for the worker: a cycle begins with what the disk says of the settings, too. */
  #lookedAtBeforeEachCycle(): DeliveryStore {
    return {
      discover: () => {
        this.look();
        return this.store.discover();
      },
      readForPost: (id, performer) => this.store.readForPost(id, performer),
      record: (record) => this.store.record(record),
    };
  }

  #deliverySettings(settings: Settings): DeliverySettings {
    return {
      concurrency: settings.submissionConcurrency,
      attemptsMax: settings.submissionMaxRetries,
      intervalMs: settings.submissionIntervalMinutes * minuteMs,
      jitter: settings.submissionBackoffJitter,
      destination: this.#destinations.current?.key ?? null,
    };
  }

  #settingsChanged(settings: Settings, changed: readonly SettingKey[]): void {
    this.log.setLevel(settings.logLevel);
    if (concernsDestination(changed)) this.#destinations.replace(settings);
    this.worker.applySettings(this.#deliverySettings(settings));
    this.retention.applySettings(settings);
    this.#capture?.applySettings(settings);
    this.#hub.tell('onSettings', this.settings.shown());
  }
}

const isSettledElsewhere = new Set<WithdrawnReason>(['deleted', 'ignored', 'submitted', 'failed', 'unreadable']);
