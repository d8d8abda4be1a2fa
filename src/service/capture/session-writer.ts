/**
 * Hands captured sessions to the store, and keeps those that could not be written until they can: a disk that is full
 * or errs does not stop the capture. When too much waits, the capture tool's output is left unread; the kernel then
 * holds the packets, and what it has to drop shows as a gap.
 * May import: src/common, src/service.
 */
import type { SessionFile } from '../../common/session.ts';

/** What may wait to be written; beyond it the capture tool is not read. */
export const waitingBytesMax = 64 * 1024 * 1024;
const writesAtOnce = 16;
const retryMs = 5000;

export interface SessionWriterTools {
  add: (session: SessionFile) => Promise<unknown>;
  onWritten: (session: SessionFile) => void;
  onFailed: (error: unknown, waiting: number) => void;
  /** Whether too much waits; called when that changes. */
  onFull: (isFull: boolean) => void;
}

export class SessionWriter {
  readonly #tools: SessionWriterTools;
  #waiting: { session: SessionFile; bytes: number }[] = [];
  #waitingBytes = 0;
  #writing = 0;
  #isFull = false;
  #retryTimer: NodeJS.Timeout | null = null;
  #idle: (() => void)[] = [];

  constructor(tools: SessionWriterTools) {
    this.#tools = tools;
  }

  add(session: SessionFile): void {
    const bytes = session.elements.reduce((sum, { hexData }) => sum + hexData.length * 2, 0);
    this.#waiting.push({ session, bytes });
    this.#waitingBytes += bytes;
    this.#tellFull();
    this.#next();
  }

  /** Resolves when all that can be written is. */
  async settled(): Promise<void> {
    if (this.#writing === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Gives up waiting for a better disk; tries what is left once more. */
  async close(): Promise<void> {
    this.#retryNow();
    await this.settled();
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#retryTimer = null;
  }

  #next(): void {
    while (this.#retryTimer === null && this.#writing < writesAtOnce) {
      const entry = this.#waiting.shift();
      if (entry === undefined) return;
      this.#writing += 1;
      void this.#write(entry);
    }
  }

  async #write(entry: { session: SessionFile; bytes: number }): Promise<void> {
    try {
      await this.#tools.add(entry.session);
      this.#waitingBytes -= entry.bytes;
      this.#tools.onWritten(entry.session);
      this.#tellFull();
    } catch (error) {
      this.#waiting.unshift(entry);
      this.#tools.onFailed(error, this.#waiting.length);
      this.#retryTimer ??= setTimeout(() => this.#retryNow(), retryMs).unref();
    }
    this.#writing -= 1;
    this.#next();
    if (this.#writing === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #retryNow(): void {
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#retryTimer = null;
    this.#next();
  }

  #tellFull(): void {
    const isFull = this.#waitingBytes > (this.#isFull ? waitingBytesMax / 2 : waitingBytesMax);
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    this.#tools.onFull(isFull);
  }
}
