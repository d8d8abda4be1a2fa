/**
 * The whole service in one piece, as a host carries it: its parts, and how they are wired.
 *   settings -> destinations -> worker -> store -> desk -> hub -> consoles;  consoles -> api -> handlers -> parts
 *   intake (capture, imports) -> store;  retention -> store
 * Composes, and holds no rule of its own. May import: src/common, machines, src/service.
 */
import type { InspectionEvent } from 'xstate';
import type { CourierApi, CourierEvent, Status } from '../common/contract.ts';
import type { SettingKey, Settings } from '../common/settings.ts';
import type { SessionOutput } from '../../machines/session.ts';
import { type AttemptFigures, AttemptMeter } from './attempt-meter.ts';
import { deliverySettings } from './delivery-settings.ts';
import type { Destination } from './delivery/destination.ts';
import { createDesk, type Desk } from './desk/desk.ts';
import { concernsDestination, DestinationHolder } from './destination-holder.ts';
import { EventHub } from './event-hub.ts';
import { FileLook } from './file-look.ts';
import { FolderPrivacy } from './folder-privacy.ts';
import { type Handlers, requestOf } from './handlers.ts';
import { Intake } from './intake.ts';
import type { ServiceLog } from './log.ts';
import { type DataDirOptions, type OpenedDataDir, openDataDir } from './open-data-dir.ts';
import { Problems } from './problems.ts';
import { type CleanupSummary, Retention } from './retention/retention.ts';
import { noEndpoint, ServiceNews } from './service-news.ts';
import { serviceStatus, submissionProgress } from './service-status.ts';
import { sessionHandlers } from './session-handlers.ts';
import { settingsHandlers } from './settings/settings-handlers.ts';
import type { SettingsStore } from './settings/settings-store.ts';
import { oneCleanUp, oneCycle, type RunResult } from './single-runs.ts';
import { StatusFeed } from './status-feed.ts';
import type { SessionStore } from './store/session-store.ts';
import { SubmissionWorker } from './submission-worker.ts';

export interface ServiceOptions extends DataDirOptions {
  version: string;
  /** The demo: what is shown is invented. */
  isSampleData?: boolean;
  /** False when nobody watches: no desk's eye on every transition. */
  isAttended?: boolean;
  /** What only the host can answer. */
  hostHandlers?: Pick<Handlers, 'getHostOptions' | 'setHostOptions' | 'chooseFile'>;
  random?: () => number;
}

/**
 * Takes ownership of the data directory and opens everything in it; nothing is sent before `start` or `runOneCycle`.
 * @throws CourierError `ERR_STORE_OWNED`, `ERR_DATA_FOLDER_UNUSABLE`, or for settings that cannot be used.
 */
export async function openService(options: ServiceOptions): Promise<Service> {
  const opened = await openDataDir(options);
  try {
    return new Service(options, opened);
  } catch (error) {
    opened.release();
    throw error;
  }
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
  readonly #release: () => void;
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #hub: EventHub;
  readonly #problems: Problems;
  readonly #statusFeed: StatusFeed;
  readonly #destinations: DestinationHolder;
  readonly #attempts = new AttemptMeter();
  readonly #files: FileLook;
  readonly #intake: Intake;
  readonly #machineWatchers: ((event: InspectionEvent) => void)[] = [];
  #started: Promise<void> = Promise.resolve();
  /** From the start to the end of the drain; told in the status. */
  #isRunning = false;

  constructor(options: ServiceOptions, { settings, store, listener, release }: OpenedDataDir) {
    const { dataDir, environment, version, log, now = Date.now, random = Math.random } = options;
    const timers = { setTimeout, clearTimeout };
    this.#options = options;
    this.#release = release;
    this.#now = now;
    this.#startedAt = now();
    this.settings = settings;
    this.store = store;
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
      dataDir,
      version,
      environment,
      store,
      worker: () => this.worker,
      settings,
      hub: this.#hub,
      log,
      now,
      timers,
      problems: () => this.#allProblems(),
      onStatusChanged: () => this.#statusFeed.changed(),
    });
    const watch = options.isAttended === false ? {} : { inspect: this.desk.inspect };

    this.#destinations = new DestinationHolder(settings.current(), environment, this.#problems);
    const folders = new FolderPrivacy({ dataDir, problems: this.#problems, log });
    folders.look();
    this.#files = new FileLook({
      settings,
      destinations: this.#destinations,
      folders,
      onRenewed: () => this.#applyDelivery(),
      log,
    });
    this.worker = new SubmissionWorker({
      store: this.#files.before(store),
      destination: () => this.#destinations.current,
      post: this.#attempts.post,
      settings: deliverySettings(settings.current(), this.#destinations.current),
      now,
      random,
      ...watch,
    });
    this.#intake = new Intake({
      dataDir,
      settings,
      store,
      log,
      now,
      random,
      devicesHeard: () => this.desk.devicesHeard,
      onImported: () => this.worker.triggerNow(),
      onCaptureChanged: () => this.#captureChanged(),
      inspect: this.desk.inspect,
    });
    const news = new ServiceNews({
      hub: this.#hub,
      log,
      problems: this.#problems,
      endpointComplaint: () => this.#destinations.complaint,
    });
    this.retention = new Retention({
      store,
      settings: settings.current(),
      now,
      onSummary: (summary) => news.cleanedUp(summary),
      onFailure: (error) => log.error({ err: error }, 'A clean-up failed; the next one tries again.'),
      ...watch,
    });

    listener.changed = (change) => {
      this.desk.storeChanged(change);
      this.#statusFeed.changed();
    };
    listener.quarantined = () => this.desk.quarantined();
    listener.written = (isDurable) => this.desk.noteWrite(isDurable);
    this.worker.on(news.ofWorker);
    this.worker.on({ changed: () => this.#progressChanged() });
    settings.onProblems(() => this.#problemsChanged());
    settings.onChange((next, changed) => this.#settingsChanged(next, changed));
    this.api = { request: requestOf(this.#handlers()), subscribe: (each) => this.#hub.subscribe(each) };
  }

  /** Begins to work: a first cycle at once, then by the timer. */
  start(): Promise<void> {
    this.#started = this.#start();
    return this.#started;
  }

  /** Sends nothing new, and waits for what is in flight (10 s at most) and its records. */
  async drain(): Promise<void> {
    await this.worker.stop();
    this.#hub.flush();
  }

  /** Drains, ends all threads and gives the data directory back. */
  async stop(): Promise<void> {
    // What would still be started would never be stopped. Why it could not start is for whoever started it.
    await this.#started.catch(() => {});
    this.#files.close();
    this.retention.stop();
    // What was captured is on disk before the rest ends.
    await this.#intake.close();
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
  runOneCycle(onDelivery?: (output: SessionOutput) => void): Promise<RunResult> {
    this.#isRunning = true;
    return oneCycle(this.worker, onDelivery);
  }

  /** One clean-up, without anything else of the service running. @throws what kept it from its work. */
  cleanUpOnce(wish: { isDryRun: boolean }): Promise<CleanupSummary> {
    return oneCleanUp({ store: this.store, settings: this.settings.current(), now: this.#now }, wish);
  }

  /** Notices what was done to the files that the settings are kept in or name; called at each cycle and from time to time. */
  look(): void {
    this.#files.look();
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
    this.#attempts.on(listener);
  }

  /** Shows every machine's events to a development tool. */
  watchMachines(inspect: (event: InspectionEvent) => void): void {
    this.#machineWatchers.push(inspect);
    for (const actor of [this.worker.actor, this.retention.actor, this.#intake.actor]) actor?.system.inspect(inspect);
  }

  get destination(): Destination | null {
    return this.#destinations.current;
  }

  async status(): Promise<Status> {
    return serviceStatus(await this.store.counts(), {
      desk: this.desk,
      intake: this.#intake,
      destinations: this.#destinations,
      problems: this.#allProblems(),
      isRunning: this.#isRunning,
      startedAt: this.#startedAt,
      isSampleData: this.#options.isSampleData === true,
    });
  }

  async #start(): Promise<void> {
    this.#isRunning = true;
    this.#files.start();
    await this.desk.start();
    this.#statusFeed.start();
    this.worker.start();
    this.retention.start();
    await this.#intake.start();
    for (const inspect of this.#machineWatchers) this.#intake.actor?.system.inspect(inspect);
  }

  #handlers(): Partial<Handlers> {
    return {
      ...this.desk.handlers,
      ...sessionHandlers(this.store, this.worker, this.desk),
      ...settingsHandlers(this.settings),
      ...this.#intake.handlers,
      ...this.#options.hostHandlers,
      triggerSubmissionNow: () => this.worker.triggerNow(),
      runCleanupNow: ({ dryRun }) => this.retention.request({ isDryRun: dryRun ?? this.settings.current().dryRunMode }),
      getStatus: () => this.status(),
    };
  }

  /** What a console that connects hears first. */
  #currentState(): CourierEvent[] {
    const status = this.#statusFeed.latest;
    return [
      ...(status === null ? [] : [{ name: 'onStatus' as const, payload: status }]),
      { name: 'onSettings', payload: this.settings.shown() },
      { name: 'onSubmissionProgress', payload: submissionProgress(this.worker) },
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

  #progressChanged(): void {
    if (!this.#hub.isHeard) return;
    this.#hub.tellLatest('onSubmissionProgress', '', submissionProgress(this.worker));
    this.#statusFeed.changed();
  }

  #captureChanged(): void {
    this.desk.captureChanged(this.#intake.captureStatus());
    this.#statusFeed.changed();
  }

  #applyDelivery(): void {
    this.worker.applySettings(deliverySettings(this.settings.current(), this.#destinations.current));
  }

  #settingsChanged(settings: Settings, changed: readonly SettingKey[]): void {
    this.log.setLevel(settings.logLevel);
    if (concernsDestination(changed)) this.#destinations.replace(settings);
    this.#applyDelivery();
    this.retention.applySettings(settings);
    this.#intake.applySettings(settings);
    this.#hub.tell('onSettings', this.settings.shown());
  }
}
