/**
 * The note that is shown while the application ends and the endpoint's answers are waited for.
 * May import: electron, src/main.
 */
import { BrowserWindow } from 'electron';
import { securePage } from './console-window.ts';
import { consoleAddress } from './own-page.ts';
import { stoppingPath } from './stopping-page.ts';

export function showStoppingNote(): void {
  const note = new BrowserWindow({
    width: 460,
    height: 240,
    title: 'HL7 Courier is stopping',
    resizable: false,
    minimizable: false,
    maximizable: false,
    fullscreenable: false,
    alwaysOnTop: true,
    webPreferences: securePage,
  });
  note.setMenuBarVisibility(false);
  void note.loadURL(new URL(stoppingPath, consoleAddress).href);
}
