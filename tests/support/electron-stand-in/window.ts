/**
 * BrowserWindow: a page of Chromium with the state of a window around it; nothing is drawn on a screen.
 * May import: node.
 */
import { EventEmitter } from 'node:events';
import { app } from './app.ts';
import { WebContents } from './web-contents.ts';

interface WindowOptions {
  width?: number;
  height?: number;
  x?: number;
  y?: number;
  title?: string;
  show?: boolean;
  webPreferences?: Record<string, unknown>;
}

export class BrowserWindow extends EventEmitter {
  readonly webContents: WebContents;
  readonly options: WindowOptions;
  #bounds: { x: number; y: number; width: number; height: number };
  #title: string;
  #isVisible: boolean;
  #isMinimized = false;
  #isMaximized = false;
  #isDestroyed = false;
  progress = -1;

  constructor(options: WindowOptions = {}) {
    super();
    this.options = options;
    const { width = 800, height = 600, x = 0, y = 0, title = '', show = true, webPreferences = {} } = options;
    this.#bounds = { x, y, width, height };
    this.#title = title;
    this.#isVisible = show;
    app.windows.add(this);
    this.webContents = new WebContents(webPreferences, { width, height });
    this.webContents.once('did-finish-load', () => this.emit('ready-to-show'));
    this.webContents.on('destroyed', () => this.#end());
    app.emit('browser-window-created', {}, this);
  }

  static getAllWindows = () => [...app.windows] as BrowserWindow[];
  static fromWebContents = (contents: WebContents) =>
    BrowserWindow.getAllWindows().find((window) => window.webContents === contents) ?? null;
  static getFocusedWindow = () => BrowserWindow.getAllWindows().find((window) => window.isVisible()) ?? null;

  loadURL = (address: string) => this.webContents.loadURL(address);
  show(): void {
    this.#isVisible = true;
    this.emit('show');
  }
  hide(): void {
    this.#isVisible = false;
    this.emit('hide');
  }
  focus(): void {
    this.emit('focus');
  }
  minimize(): void {
    this.#isMinimized = true;
  }
  restore(): void {
    this.#isMinimized = false;
  }
  maximize(): void {
    this.#isMaximized = true;
  }
  isVisible = () => this.#isVisible;
  isMinimized = () => this.#isMinimized;
  isMaximized = () => this.#isMaximized;
  isDestroyed = () => this.#isDestroyed;
  getBounds = () => ({ ...this.#bounds });
  getNormalBounds = () => ({ ...this.#bounds });
  setBounds(bounds: Partial<{ x: number; y: number; width: number; height: number }>): void {
    this.#bounds = { ...this.#bounds, ...bounds };
  }
  getTitle = () => this.#title;
  setTitle(title: string): void {
    this.#title = title;
  }
  setProgressBar(progress: number): void {
    this.progress = progress;
  }
  setMenuBarVisibility(): void {}

  close(): void {
    if (this.#isDestroyed) return;
    let isPrevented = false;
    this.emit('close', { preventDefault: () => (isPrevented = true) });
    if (!isPrevented) this.webContents.close();
  }
  destroy(): void {
    this.webContents.close();
  }

  #end(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    app.windows.delete(this);
    this.emit('closed');
    if (app.windows.size > 0) return;
    if (app.listenerCount('window-all-closed') === 0) app.quit();
    else app.emit('window-all-closed');
  }
}
