/**
 * Where sessions come from: the live capture and the imports, with one row of numbers for both.
 *   capture, import -> number -> store -> worker
 * May import: xstate, src/common, src/service.
 */
import type { InspectionEvent } from 'xstate';
import type { Status } from '../common/contract.ts';
import type { SessionFile } from '../common/session.ts';
import type { Settings } from '../common/settings.ts';
import { captureHandlers } from './capture-handlers.ts';
import { captureService, type CaptureService } from './capture/capture-service.ts';
import { ImportDesk, importHandlers } from './imports/import-desk.ts';
import type { ServiceLog } from './log.ts';
import { sessionCounter } from './session-counter.ts';
import type { SettingsStore } from './settings/settings-store.ts';
import type { SessionStore } from './store/session-store.ts';

export interface IntakeTools {
  dataDir: string;
  settings: Pick<SettingsStore, 'current'>;
  store: Pick<SessionStore, 'add' | 'getSessions'>;
  log: ServiceLog;
  now: () => number;
  random: () => number;
  /** Devices heard in the last 24 hours. */
  devicesHeard: () => number;
  /** Sessions were imported: they may be delivered. */
  onImported: () => void;
  /** `captureStatus` would answer something else now. */
  onCaptureChanged: () => void;
  /** Watches the machine of the capture. */
  inspect: (event: InspectionEvent) => void;
}

export class Intake {
  readonly #tools: IntakeTools;
  readonly handlers: ReturnType<typeof captureHandlers> & ReturnType<typeof importHandlers>;
  #capture: CaptureService | null = null;
  #imports: Promise<ImportDesk> | null = null;
  #counter: Promise<() => number> | null = null;

  constructor(tools: IntakeTools) {
    this.#tools = tools;
    this.handlers = { ...captureHandlers(() => this.#capture), ...importHandlers(() => this.#openedImports()) };
  }

  /** Removes what an earlier import left behind, and captures if the settings say so. */
  async start(): Promise<void> {
    await this.#openedImports();
    const { settings, log, now, random, inspect, onCaptureChanged } = this.#tools;
    const nextCounter = await this.#nextCounter();
    const capture = captureService({
      settings: settings.current(),
      store: { add: (session) => this.#keepCaptured(session) },
      log: log.room('capture'),
      now,
      random,
      nextCounter,
      inspect,
    });
    this.#capture = capture;
    capture.actor.subscribe(onCaptureChanged);
  }

  /** Ends an import under way; what was captured is on disk then. */
  async close(): Promise<void> {
    await (await this.#imports)?.close();
    await this.#capture?.close();
  }

  applySettings(settings: Settings): void {
    this.#capture?.applySettings(settings);
  }

  captureStatus(): NonNullable<Status['capture']> {
    if (this.#capture === null) return { state: 'stopped', gaps: 0 };
    return { ...this.#capture.status(), devices: this.#tools.devicesHeard() };
  }

  /** The machine of the capture; undefined before it is started. */
  get actor(): CaptureService['actor'] | undefined {
    return this.#capture?.actor;
  }

  /** Opened by the first who needs it: a console may ask before everything has started. */
  #openedImports(): Promise<ImportDesk> {
    return (this.#imports ??= this.#openImports());
  }

  async #openImports(): Promise<ImportDesk> {
    const { dataDir, settings, store, log, onImported } = this.#tools;
    return ImportDesk.open({
      dataDir,
      settings: () => settings.current(),
      add: (session) => store.add(session),
      nextCounter: await this.#nextCounter(),
      onAdded: onImported,
      log: log.room('import'),
    });
  }

  #nextCounter(): Promise<() => number> {
    return (this.#counter ??= sessionCounter(this.#tools.store));
  }

  async #keepCaptured(session: SessionFile): Promise<void> {
    const { settings, store, log } = this.#tools;
    if (settings.current().enablePersistence) await store.add(session);
    else log.once('notKept', 'warn', {}, 'enablePersistence is off: captured sessions are neither kept nor delivered.');
  }
}
