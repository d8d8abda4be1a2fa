/**
 * How much room the data directory has, looked at on a timer, and whether the last write succeeded.
 * May import: src/common, src/service.
 */
import type { Status } from '../../common/contract.ts';
import { type DiskSpace, spaceOf } from '../disk-space.ts';
import type { Timers } from '../event-hub.ts';

export type Disk = NonNullable<Status['disk']>;

const pollMs = 15_000;
const lowBytes = 2 * 1024 ** 3;
const lowShare = 0.02;

export interface DiskWatchOptions {
  dataDir: string;
  now: () => number;
  timers: Timers;
  /** The system's unless a simulation brings its own. */
  look?: (folder: string) => Promise<DiskSpace>;
  onChange: (disk: Disk) => void;
}

export class DiskWatch {
  readonly #options: DiskWatchOptions;
  #timer: unknown = null;
  #isClosed = false;
  #space: { freeBytes: number; isLow: boolean } | null = null;
  #isFailing = false;
  #lastWriteAt: number | null = null;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  /** Looks now, and from then on every 15 seconds. */
  async start(): Promise<void> {
    await this.#look();
    if (!this.#isClosed) this.#timer = this.#options.timers.setTimeout(() => void this.start(), pollMs);
  }

  /** A write of the store ended. */
  noteWrite(isDurable: boolean): void {
    const before = this.current?.state;
    this.#isFailing = !isDurable;
    if (isDurable) this.#lastWriteAt = this.#options.now();
    this.#tellIfOther(before);
  }

  /** Missing until the first look, or where the system does not say. */
  get current(): Disk | undefined {
    if (this.#space === null) return undefined;
    const { freeBytes, isLow } = this.#space;
    return {
      state: this.#isFailing ? 'failing' : isLow ? 'low' : 'healthy',
      freeBytes,
      ...(this.#lastWriteAt === null ? {} : { lastWriteAt: this.#lastWriteAt }),
    };
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) this.#options.timers.clearTimeout(this.#timer as never);
  }

  async #look(): Promise<void> {
    const before = this.current?.state;
    try {
      const { freeBytes, totalBytes } = await (this.#options.look ?? spaceOf)(this.#options.dataDir);
      this.#space = { freeBytes, isLow: freeBytes < lowBytes || freeBytes < totalBytes * lowShare };
    } catch {
      // A system that does not say: the console shows the place without it.
      this.#space = null;
    }
    this.#tellIfOther(before);
  }

  #tellIfOther(before: Disk['state'] | undefined): void {
    const disk = this.current;
    if (disk !== undefined && disk.state !== before) this.#options.onChange(disk);
  }
}
