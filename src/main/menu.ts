/**
 * The application's menu with its accelerators. What the console has keys for itself is not taken from it.
 * May import: electron (types).
 */
import type { MenuItemConstructorOptions } from 'electron';

export interface MenuOptions {
  platform: NodeJS.Platform;
  /** Reloading and developer tools. */
  isDevelopment: boolean;
  onSend: () => void;
  /** Opens a screen of the console: `#/sessions`. */
  onGo: (place: string) => void;
  onQuit: () => void;
}

const screens = ['Overview', 'Attention', 'Sessions', 'Machines', 'Log'] as const;

export function menuTemplate({ platform, isDevelopment, onSend, onGo, onQuit }: MenuOptions): MenuItemConstructorOptions[] {
  const isMac = platform === 'darwin';
  const settings: MenuItemConstructorOptions = {
    label: 'Settings',
    accelerator: 'CommandOrControl+,',
    click: () => onGo('#/settings'),
  };
  const quit: MenuItemConstructorOptions = {
    label: isMac ? 'Quit HL7 Courier' : 'Quit',
    accelerator: 'CommandOrControl+Q',
    click: onQuit,
  };
  const separator: MenuItemConstructorOptions = { type: 'separator' };
  const macMenu: MenuItemConstructorOptions = {
    label: 'HL7 Courier',
    submenu: [
      { role: 'about' },
      separator,
      settings,
      separator,
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      separator,
      quit,
    ],
  };
  return [
    ...(isMac ? [macMenu] : []),
    {
      label: '&File',
      submenu: [
        // The console has Ctrl/Cmd+Enter for this; shown here, and taken when no page has the focus.
        { label: 'Send now', accelerator: 'CommandOrControl+Shift+Enter', click: onSend },
        separator,
        { label: 'Close window', role: 'close', accelerator: 'CommandOrControl+W' },
        ...(isMac ? [] : [settings, separator, quit]),
      ],
    },
    {
      label: '&Edit',
      submenu: [
        { role: 'undo' },
        { role: 'redo' },
        separator,
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
      ],
    },
    {
      label: '&Go',
      submenu: screens.map((screen, index) => ({
        label: screen,
        accelerator: `CommandOrControl+${index + 1}`,
        click: () => onGo(`#/${screen.toLowerCase()}`),
      })),
    },
    {
      label: '&View',
      submenu: [
        ...(isDevelopment ? [{ role: 'reload' } as const, { role: 'toggleDevTools' } as const, separator] : []),
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        separator,
        { role: 'togglefullscreen' },
      ],
    },
  ];
}
