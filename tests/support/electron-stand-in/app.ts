/**
 * `app`: names, paths, the one instance, the beginning and the end.
 * May import: node.
 */
import { EventEmitter } from 'node:events';
import { mkdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { appendFlag, endChromium } from './chromium.ts';

const root = join(import.meta.dirname, '../../..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

interface Closable {
  close(): void;
  isDestroyed(): boolean;
}

class App extends EventEmitter {
  readonly isPackaged = false;
  /** The windows that are open; kept by BrowserWindow. */
  readonly windows = new Set<Closable>();
  readonly commandLine = { appendSwitch: appendFlag, hasSwitch: () => false, getSwitchValue: () => '' };
  readonly dock = undefined;
  #name = 'stand-in';
  #paths: Record<string, string> = { home: homedir(), temp: tmpdir(), appData: join(homedir(), '.config') };
  #lock: string | null = null;
  #isReady = false;
  #isEnding = false;
  readonly #ready = Promise.withResolvers<void>();

  getName = () => this.#name;
  setName(name: string): void {
    this.#name = name;
  }
  getVersion = () => version;
  getAppPath = () => root;
  getPath = (name: string) => this.#paths[name] ?? join(this.#paths['appData'] ?? '', this.#name);
  setPath(name: string, path: string): void {
    this.#paths[name] = path;
  }
  /** Chromium's user data. */
  profile = () => join(this.getPath('userData'), 'chromium');
  isReady = () => this.#isReady;
  whenReady = () => this.#ready.promise;
  becomeReady(): void {
    this.#isReady = true;
    this.#ready.resolve();
    this.emit('ready', {}, {});
  }
  enableSandbox(): void {}
  setAppUserModelId(): void {}
  setBadgeCount = () => true;
  getLoginItemSettings = () => ({ openAtLogin: false });
  setLoginItemSettings(): void {}

  /** A file with our process id; a second instance writes its arguments beside it, which the first one sees. */
  requestSingleInstanceLock(): boolean {
    const folder = join(this.getPath('userData'), 'instance');
    const file = join(folder, 'pid');
    mkdirSync(folder, { recursive: true });
    try {
      const pid = Number(readFileSync(file, 'utf8'));
      process.kill(pid, 0);
      writeFileSync(join(folder, 'second'), JSON.stringify(process.argv));
      return false;
    } catch {
      writeFileSync(file, String(process.pid));
    }
    this.#lock = file;
    watch(folder, { persistent: false }, (_event, name) => {
      if (name !== 'second') return;
      try {
        const argv = JSON.parse(readFileSync(join(folder, 'second'), 'utf8')) as string[];
        rmSync(join(folder, 'second'));
        this.emit('second-instance', {}, argv, process.cwd(), null);
      } catch {
        // Seen twice, or not written to its end yet: then it is seen again.
      }
    });
    return true;
  }

  quit(): void {
    if (this.#isEnding) return;
    let isPrevented = false;
    this.emit('before-quit', { preventDefault: () => (isPrevented = true) });
    if (isPrevented) return;
    this.#isEnding = true;
    for (const window of this.windows) window.close();
    this.emit('will-quit', { preventDefault(): void {} });
    this.exit(0);
  }

  exit(code = 0): void {
    this.emit('quit', {}, code);
    if (this.#lock !== null) rmSync(this.#lock, { force: true });
    endChromium();
    process.exit(code);
  }
}

export const app = new App();
