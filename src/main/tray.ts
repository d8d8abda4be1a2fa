/**
 * The tray: how delivery stands and how many sessions wait, with the two things an operator does from there.
 * May import: electron, src/main.
 */
import { Menu, nativeImage, Tray } from 'electron';
import { counted, type Standing, type StandingKind } from './standing.ts';
import { trayBitmap } from './tray-image.ts';

export interface TrayOptions {
  platform: NodeJS.Platform;
  onOpen: () => void;
  onSend: () => void;
  onQuit: () => void;
}

/** Side of the picture in points; drawn at twice that, for fine screens. */
const sidePoints = 16;
const scaleFactor = 2;

export class CourierTray {
  readonly #options: TrayOptions;
  readonly #tray: Tray;
  #shown: Standing | null = null;

  constructor(options: TrayOptions) {
    this.#options = options;
    this.#tray = new Tray(imageOf('well', options.platform));
    this.#tray.on('click', options.onOpen);
  }

  show(standing: Standing): void {
    const { kind, words, waiting } = standing;
    if (this.#shown?.words === words && this.#shown.waiting === waiting && this.#shown.kind === kind) return;
    const { platform, onOpen, onSend, onQuit } = this.#options;
    if (this.#shown?.kind !== kind) this.#tray.setImage(imageOf(kind, platform));
    this.#shown = standing;
    this.#tray.setToolTip(`HL7 Courier: ${words}`);
    // Only macOS shows a text beside the picture.
    if (platform === 'darwin') this.#tray.setTitle(waiting === 0 ? '' : waiting.toLocaleString('en'));
    this.#tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: words, enabled: false },
        { label: `${counted(waiting)} waiting`, enabled: false },
        { type: 'separator' },
        { label: 'Open HL7 Courier', click: onOpen },
        { label: 'Send now', click: onSend },
        { type: 'separator' },
        { label: 'Quit', click: onQuit },
      ]),
    );
  }

  remove(): void {
    this.#tray.destroy();
  }
}

function imageOf(kind: StandingKind, platform: NodeJS.Platform) {
  const side = sidePoints * scaleFactor;
  const isTemplate = platform === 'darwin';
  const image = nativeImage.createFromBitmap(trayBitmap(kind, side, isTemplate), { width: side, height: side, scaleFactor });
  image.setTemplateImage(isTemplate);
  return image;
}
