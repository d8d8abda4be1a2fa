/**
 * The module `electron` of the stand-in: what src/main uses, on a real Chromium. What only a desktop has (tray, menus,
 * notifications, keychains) does nothing here but note that it was asked; a test finds the notes on `standIn`.
 * Test equipment: docs/security.md says what it covers and what only a real Electron shows.
 * May import: node.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { app } from './app.ts';
import { protocol } from './schemes.ts';
import { ipcMain, WebContents } from './web-contents.ts';
import { BrowserWindow } from './window.ts';

/** What the application asked of the desktop, for tests. */
export const standIn = {
  notifications: [] as { title: string; body: string }[],
  trays: [] as Tray[],
  errorBoxes: [] as { title: string; content: string }[],
  opened: [] as string[],
  permissions: {} as {
    request?: (
      contents: unknown,
      permission: string,
      callback: (isGranted: boolean) => void,
      details: { requestingUrl: string },
    ) => void;
    check?: (contents: unknown, permission: string, origin: string) => boolean;
    device?: () => boolean;
  },
};

interface MenuItem {
  label?: string;
  role?: string;
  type?: string;
  enabled?: boolean;
  accelerator?: string;
  click?: () => void;
  submenu?: MenuItem[] | Menu;
}

export class Menu {
  readonly items: MenuItem[];
  static #application: Menu | null = null;
  constructor(items: MenuItem[] = []) {
    this.items = items;
  }
  static buildFromTemplate(template: MenuItem[]): Menu {
    return new Menu(
      template.map((item) => (Array.isArray(item.submenu) ? { ...item, submenu: Menu.buildFromTemplate(item.submenu) } : item)),
    );
  }
  static setApplicationMenu(menu: Menu | null): void {
    Menu.#application = menu;
  }
  static getApplicationMenu = () => Menu.#application;
}

export class Tray extends EventEmitter {
  image: unknown;
  toolTip = '';
  menu: Menu | null = null;
  #isDestroyed = false;
  constructor(image: unknown) {
    super();
    this.image = image;
    standIn.trays.push(this);
  }
  setImage(image: unknown): void {
    this.image = image;
  }
  setToolTip(text: string): void {
    this.toolTip = text;
  }
  setTitle(): void {}
  setContextMenu(menu: Menu): void {
    this.menu = menu;
  }
  isDestroyed = () => this.#isDestroyed;
  destroy(): void {
    this.#isDestroyed = true;
  }
}

export class Notification extends EventEmitter {
  readonly #options: { title: string; body: string };
  static isSupported = () => true;
  constructor(options: { title: string; body: string }) {
    super();
    this.#options = options;
  }
  show(): void {
    standIn.notifications.push(this.#options);
  }
}

export const dialog = {
  showErrorBox(title: string, content: string): void {
    standIn.errorBoxes.push({ title, content });
    process.stderr.write(`${title}: ${content}\n`);
  },
  showOpenDialog: async () => ({ canceled: true, filePaths: [] as string[] }),
  showSaveDialog: async () => ({ canceled: true, filePath: '' }),
  showMessageBox: async () => ({ response: 0 }),
};

export const shell = {
  openExternal: async (address: string) => void standIn.opened.push(address),
  openPath: async (path: string) => {
    standIn.opened.push(path);
    return '';
  },
};

/** `STAND_IN_KEYCHAIN=none` is a Linux desktop without a keychain. The key lasts for all runs, as a keychain's does. */
const key = Buffer.alloc(32, 'stand-in');
export const safeStorage = {
  isEncryptionAvailable: () => app.isReady(),
  getSelectedStorageBackend() {
    if (!app.isReady()) return 'unknown';
    return process.env['STAND_IN_KEYCHAIN'] === 'none' ? 'basic_text' : 'gnome_libsecret';
  },
  encryptString(text: string): Buffer {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), encrypted]);
  },
  decryptString(encrypted: Buffer): string {
    const decipher = createDecipheriv('aes-256-gcm', key, encrypted.subarray(0, 12));
    decipher.setAuthTag(encrypted.subarray(12, 28));
    return Buffer.concat([decipher.update(encrypted.subarray(28)), decipher.final()]).toString('utf8');
  },
};

export const nativeImage = {
  createFromBitmap: (bitmap: Buffer, { width, height }: { width: number; height: number }) => ({
    toBitmap: () => bitmap,
    getSize: () => ({ width, height }),
    isEmpty: () => false,
    setTemplateImage(): void {},
  }),
};
export const nativeTheme = Object.assign(new EventEmitter(), { shouldUseDarkColors: false, themeSource: 'system' });
export const powerMonitor = new EventEmitter();

const display = { id: 1, bounds: { x: 0, y: 0, width: 1920, height: 1080 }, workArea: { x: 0, y: 0, width: 1920, height: 1040 } };
export const screen = Object.assign(new EventEmitter(), { getAllDisplays: () => [display], getPrimaryDisplay: () => display });

type Permissions = typeof standIn.permissions;
class Session extends EventEmitter {
  setPermissionRequestHandler(handler: NonNullable<Permissions['request']>): void {
    standIn.permissions.request = handler;
  }
  setPermissionCheckHandler(handler: NonNullable<Permissions['check']>): void {
    standIn.permissions.check = handler;
  }
  setDevicePermissionHandler(handler: NonNullable<Permissions['device']>): void {
    standIn.permissions.device = handler;
  }
  setSpellCheckerEnabled(): void {}
}
export const session = { defaultSession: new Session() };

export { app, BrowserWindow, ipcMain, protocol, WebContents as webContents };
export default {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  nativeImage,
  nativeTheme,
  Notification,
  powerMonitor,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  standIn,
  Tray,
  webContents: WebContents,
};
