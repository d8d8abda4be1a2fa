/**
 * The end of the application: what is on its way is finished first.
 *   running -> draining (10 s at most, a note when it takes a moment) -> drained -> gone
 * Asked again while it drains, nothing changes; a second signal from outside ends it at once.
 * May import: src/main.
 */

/** Longer than this, and the operator is told what is being waited for. */
const notePauseMs = 400;

export interface QuitOptions {
  /** Ends the service: drains, persists, gives the data directory back. Rejects never. */
  stop: () => Promise<void>;
  /** Shows what is being waited for. */
  showNote: () => void;
  /** Ends the process for good. */
  exit: () => void;
}

export class Quit {
  readonly #options: QuitOptions;
  #state: 'running' | 'draining' | 'drained' = 'running';

  constructor(options: QuitOptions) {
    this.#options = options;
  }

  get isUnderWay(): boolean {
    return this.#state !== 'running';
  }

  /** For Electron's `before-quit`: holds it until all is drained. */
  onBeforeQuit(event: { preventDefault(): void }): void {
    if (this.#state === 'drained') return;
    event.preventDefault();
    if (this.#state === 'running') void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#state = 'draining';
    const { stop, showNote, exit } = this.#options;
    const note = setTimeout(showNote, notePauseMs);
    await stop();
    clearTimeout(note);
    this.#state = 'drained';
    exit();
  }
}
