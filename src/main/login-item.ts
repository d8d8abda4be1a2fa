/**
 * Starting at login, without a window. macOS and Windows have a list for it that Electron writes; on Linux it is a file
 * in the autostart folder (freedesktop.org, Desktop Application Autostart Specification).
 * May import: node, electron (types).
 */
import type { App } from 'electron';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface LoginItem {
  isSet(): boolean;
  /** @throws the system's error when it cannot be set. */
  set(isWanted: boolean): void;
}

export interface LoginItemOptions {
  app: Pick<App, 'isPackaged' | 'getLoginItemSettings' | 'setLoginItemSettings'>;
  platform: NodeJS.Platform;
  environment: Readonly<Record<string, string | undefined>>;
  /** What is started. */
  executable: string;
}

const args = ['--hidden'];

/** Null where the application cannot be started by the system: in development. */
export function loginItem({ app, platform, environment, executable }: LoginItemOptions): LoginItem | null {
  if (!app.isPackaged) return null;
  if (platform !== 'linux')
    return {
      isSet: () => app.getLoginItemSettings({ args }).openAtLogin,
      set: (isWanted) => app.setLoginItemSettings({ openAtLogin: isWanted, args }),
    };
  const folder = join(environment['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'autostart');
  const path = join(folder, 'hl7-courier.desktop');
  return {
    isSet: () => existsSync(path),
    set(isWanted) {
      if (!isWanted) return rmSync(path, { force: true });
      mkdirSync(folder, { recursive: true });
      // An AppImage runs from a mount that is gone at the next login; it says itself where it lies.
      writeFileSync(path, autostartFile([environment['APPIMAGE'] ?? executable, ...args]));
    },
  };
}

function autostartFile(command: readonly string[]): string {
  const exec = command.map((part) => `"${part.replaceAll(/["`$\\]/g, String.raw`\$&`).replaceAll('%', '%%')}"`).join(' ');
  return `[Desktop Entry]\nType=Application\nName=HL7 Courier\nExec=${exec}\nTerminal=false\n`;
}
