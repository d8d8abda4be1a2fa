/**
 * The console's window: shut off from everything but its bridge, opened where it was last.
 *   open -> (closed by the operator: the service goes on) -> open again
 * May import: electron, node, src/main.
 */
import { BrowserWindow, nativeTheme, screen } from 'electron';
import { join } from 'node:path';
import type { Log } from '../service/log.ts';
import { consoleAddress } from './own-page.ts';
import { openingBounds, readWindowState, smallest, writeWindowState } from './window-state.ts';

export interface ConsoleWindowOptions {
  preload: string;
  /** Folder for what the window remembers. */
  stateDir: string;
  devServer: string | null;
  log: Pick<Log, 'warn' | 'error'>;
  /** The operator closed it; the service goes on. */
  onClosed: () => void;
}

/** How a page is kept from the system; Electron's defaults, said aloud because everything rests on them. */
export const securePage = {
  contextIsolation: true,
  sandbox: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  navigateOnDragDrop: false,
  spellcheck: false,
} as const;

/** A page whose process died is loaded again, but not more often than this. */
const reloadPauseMs = 5_000;

export class ConsoleWindow {
  readonly #options: ConsoleWindowOptions;
  #window: BrowserWindow | null = null;
  #reloadedAt = 0;

  constructor(options: ConsoleWindowOptions) {
    this.#options = options;
  }

  get current(): BrowserWindow | null {
    return this.#window;
  }

  /** Whether the WebContents with this id is the console's. */
  has(id: number): boolean {
    return this.#window?.webContents.id === id;
  }

  /** Brings the window to the front, or opens it. @param place `#/sessions` and the like; where it was when missing. */
  show(place?: string): void {
    if (this.#window === null) {
      this.#open(place ?? '');
      return;
    }
    if (this.#window.isMinimized()) this.#window.restore();
    this.#window.show();
    this.#window.focus();
    if (place !== undefined) this.#load(place);
  }

  #open(place: string): void {
    const { preload, stateDir, log } = this.#options;
    const statePath = join(stateDir, 'window.json');
    const state = readWindowState(statePath);
    const window = new BrowserWindow({
      ...openingBounds(
        state,
        screen.getAllDisplays().map(({ workArea }) => workArea),
      ),
      minWidth: smallest.width,
      minHeight: smallest.height,
      title: 'HL7 Courier',
      show: false,
      // The console's own grounds, so that nothing flashes before it is drawn.
      backgroundColor: nativeTheme.shouldUseDarkColors ? '#101418' : '#ffffff',
      webPreferences: { ...securePage, preload },
    });
    this.#window = window;
    if (state?.isMaximized === true) window.maximize();
    window.once('ready-to-show', () => window.show());
    window.on('close', () => {
      try {
        writeWindowState(statePath, { bounds: window.getNormalBounds(), isMaximized: window.isMaximized() });
      } catch (error) {
        log.warn({ err: error }, 'The place of the window could not be remembered.');
      }
    });
    window.on('closed', () => {
      this.#window = null;
      this.#options.onClosed();
    });
    window.webContents.on('render-process-gone', (_event, { reason }) => this.#reload(reason));
    window.webContents.on('preload-error', (_event, _path, error) =>
      log.error({ err: error }, 'The bridge to the console broke.'),
    );
    this.#load(place);
  }

  #load(place: string): void {
    const { devServer, log } = this.#options;
    const address = `${devServer === null ? consoleAddress : `${devServer}/index.html`}${place}`;
    this.#window?.loadURL(address).catch((error: unknown) => log.warn({ err: error }, 'The console could not be loaded.'));
  }

  #reload(reason: string): void {
    if (reason === 'clean-exit') return;
    this.#options.log.error({ reason }, 'The page of the console broke and is loaded again; delivery goes on.');
    const now = Date.now();
    if (now - this.#reloadedAt < reloadPauseMs) return;
    this.#reloadedAt = now;
    this.#window?.webContents.reload();
  }
}
