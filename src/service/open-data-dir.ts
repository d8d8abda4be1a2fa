/**
 * A data directory, taken and opened: nobody else's meanwhile, its settings and its sessions.
 *   owner lock -> settings -> store
 * May import: src/common, src/service.
 */
import { makeDestination } from './delivery/destination.ts';
import type { Environment } from './delivery/proxy.ts';
import { concernsDestination } from './destination-holder.ts';
import type { ServiceLog } from './log.ts';
import { openSettings, type SecretStore, type SettingsBacking, type SettingsStore } from './settings/settings-store.ts';
import { acquireOwnership } from './store/owner-lock.ts';
import { openSessionStore, type SessionStore, type StoreChange } from './store/session-store.ts';

export interface DataDirOptions {
  dataDir: string;
  /** What owns the data directory, for the message to a second one: `serve`, `submit`, `desktop`. */
  command: string;
  /** Settings of this run, not stored (`--set`). */
  overrides?: Readonly<Record<string, unknown>>;
  environment: Environment;
  log: ServiceLog;
  now?: () => number;
  /** Where settings and secrets are kept, if not in the data directory. */
  settingsBacking?: SettingsBacking;
  secretStore?: SecretStore;
}

/** Where the store's news go. */
export interface StoreListener {
  changed(change: StoreChange): void;
  quarantined(): void;
  written(isDurable: boolean): void;
}

export interface OpenedDataDir {
  settings: SettingsStore;
  store: SessionStore;
  /** Says nothing until it is told what to say: the store is open before there is a service to tell. */
  listener: StoreListener;
  /** Gives the data directory back. */
  release: () => void;
}

/** @throws CourierError `ERR_STORE_OWNED`, `ERR_DATA_FOLDER_UNUSABLE`, or for settings that cannot be used. */
export async function openDataDir(options: DataDirOptions): Promise<OpenedDataDir> {
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
    const listener: StoreListener = { changed: () => {}, quarantined: () => {}, written: () => {} };
    const store = await openSessionStore({
      dataDir,
      now,
      log: ({ level, message, ...fields }) => storeLog[level](fields, message),
      attemptsMax: () => settings.current().submissionMaxRetries,
      onChanged: (change) => listener.changed(change),
      onQuarantined: () => listener.quarantined(),
      onWrite: (isDurable) => listener.written(isDurable),
    });
    return { settings, store, listener, release: () => ownership.release() };
  } catch (error) {
    ownership.release();
    throw error;
  }
}
