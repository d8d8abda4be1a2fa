/**
 * Notices what was done by other hands to the files that the settings are kept in or name (settings.json, certificates), and
 * to the folders' rights: before each cycle, and from time to time between two.
 * May import: src/service.
 */
import type { DestinationHolder } from './destination-holder.ts';
import type { FolderPrivacy } from './folder-privacy.ts';
import type { Log } from './log.ts';
import type { SettingsStore } from './settings/settings-store.ts';
import type { DeliveryStore } from './submission-worker.ts';

/** How soon it is noticed between two cycles. */
const lookIntervalMs = 15_000;

export interface FileLookTools {
  settings: Pick<SettingsStore, 'look'>;
  destinations: Pick<DestinationHolder, 'look'>;
  folders: Pick<FolderPrivacy, 'look'>;
  /** Another destination holds from now on, with the same settings. */
  onRenewed: () => void;
  log: Pick<Log, 'info' | 'error'>;
}

export class FileLook {
  readonly #tools: FileLookTools;
  #timer: NodeJS.Timeout | undefined;

  constructor(tools: FileLookTools) {
    this.#tools = tools;
  }

  /** Looks every 15 seconds from now on. */
  start(): void {
    this.#timer = setInterval(() => this.look(), lookIntervalMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  look(): void {
    const { settings, destinations, folders, onRenewed, log } = this.#tools;
    folders.look();
    try {
      settings.look();
      if (!destinations.look()) return;
      log.info({}, 'The certificates were renewed in their files and are used from now on.');
      onRenewed();
    } catch (error) {
      // Delivery does not end over a look.
      log.error({ err: error }, 'The files of the settings could not be looked at; it is tried again.');
    }
  }

  /** The store, for the worker: a cycle begins with what the disk says of the settings, too. */
  before(store: DeliveryStore): DeliveryStore {
    return {
      discover: () => {
        this.look();
        return store.discover();
      },
      readForPost: (id, performer) => store.readForPost(id, performer),
      record: (record) => store.record(record),
    };
  }
}
