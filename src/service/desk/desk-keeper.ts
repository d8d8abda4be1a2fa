/**
 * Writes down what the desk keeps over a restart: a moment after it changed, or at once for what an operator entered.
 * May import: src/common, src/service.
 */
import { CourierError } from '../../common/errors.ts';
import type { Timers } from '../event-hub.ts';
import { type DeskFile, writeDeskFile } from './desk-file.ts';
import type { DeskLog } from './desk-needs.ts';
import { Pace } from './pace.ts';

const keepPaceMs = 1_000;

export interface DeskKeeperTools {
  dataDir: string;
  log: DeskLog;
  timers: Timers;
  /** As it is now. */
  content: () => DeskFile;
}

export class DeskKeeper {
  readonly #pace: Pace;
  /** Whether the latest write succeeded. */
  #isKept = true;

  constructor({ dataDir, log, timers, content }: DeskKeeperTools) {
    this.#pace = new Pace(timers, keepPaceMs, async () => {
      this.#isKept = await writeDeskFile(dataDir, content(), log);
    });
  }

  /** The content changed. */
  request(): void {
    this.#pace.request();
  }

  /** Resolves when what was changed until now is on disk. @throws CourierError `ERR_STORE_WRITE_FAILED`. */
  async keepNow(): Promise<void> {
    await this.#pace.hurry();
    if (this.#isKept) return;
    throw new CourierError(
      'ERR_STORE_WRITE_FAILED',
      'It could not be written to disk and lasts only until the service ends; free space and enter it again.',
    );
  }

  close(): Promise<void> {
    return this.#pace.close();
  }
}
