/**
 * The desktop host: the service with a window, a menu, a tray and notifications around it. It holds no rule of the
 * business.
 *   service -> api -> ipc -> window;  service -> standing -> tray;  causes -> notifications
 * May import: electron, node, src/common, src/service, src/main.
 */
import { app, BrowserWindow, dialog, ipcMain, Menu, Notification, powerMonitor, protocol, safeStorage, session } from 'electron';
import { CourierError } from '../common/errors.ts';
import type { Params } from '../common/contract.ts';
import type { ServiceLog } from '../service/log.ts';
import { openService, type Service } from '../service/service.ts';
import { answerConsolePage } from './console-protocol.ts';
import { ConsoleWindow } from './console-window.ts';
import { electronStoreBacking } from './desktop-settings.ts';
import { guardPages, guardSession } from './guard.ts';
import { withHostRequests } from './host-requests.ts';
import { answerIpc } from './ipc.ts';
import { loginItem } from './login-item.ts';
import { menuTemplate } from './menu.ts';
import type { DesktopOptions } from './options.ts';
import { consoleScheme, isOwnSender } from './own-page.ts';
import { Quit } from './quit.ts';
import { hasKeychain, openSafeSecret } from './safe-secret.ts';
import { StandingWatch } from './standing-watch.ts';
import { showStoppingNote } from './stopping-note.ts';
import { CourierTray } from './tray.ts';

export interface DesktopParts {
  options: DesktopOptions;
  /** Folder of what the desktop keeps beside the service: Chromium's profile, the window's place, the log. */
  stateDir: string;
  log: ServiceLog;
  /** The built console, and the preload script. */
  pagesDir: string;
  preload: string;
  /** Address of the development server; null in every build. */
  devServer: string | null;
  platform: NodeJS.Platform;
  environment: Readonly<Record<string, string | undefined>>;
}

const appName = 'HL7 Courier';

/**
 * Runs the desktop host; Electron must be ready.
 * @throws CourierError when the service cannot be opened: the data directory is another's, or cannot be used.
 */
export async function runDesktop(parts: DesktopParts): Promise<void> {
  const { options, log, devServer, platform, environment } = parts;
  const { dataDir } = options;
  const hostLog = log.room('desktop');
  const secretStorage = () => (hasKeychain(safeStorage, platform) ? 'keychain' : 'none');
  const service = await openService({
    dataDir,
    command: 'desktop',
    environment,
    log,
    version: app.getVersion(),
    settingsBacking: electronStoreBacking(dataDir),
    secretStore: openSafeSecret({ dataDir, keychain: safeStorage, platform }),
  });

  guardPages(app, { devServer, log: hostLog });
  guardSession(session.defaultSession, { devServer, log: hostLog });
  protocol.handle(consoleScheme, (request) => answerConsolePage(request, parts.pagesDir));
  let isToldOfTray = false;
  const console = new ConsoleWindow({
    preload: parts.preload,
    stateDir: parts.stateDir,
    devServer,
    log: hostLog,
    onClosed() {
      if (isToldOfTray || quit.isUnderWay) return;
      isToldOfTray = true;
      notify({
        title: `${appName} goes on`,
        body: 'Delivery goes on without the window. To end it, choose Quit in the tray or in the menu.',
      });
    },
  });
  answerIpc({
    ipc: ipcMain,
    api: withHostRequests(service.api, {
      login: loginItem({ app, platform, environment, executable: process.execPath }),
      secretStorage: () => ((environment['HL7_COURIER_AUTH_HEADER'] ?? '') === '' ? secretStorage() : 'environment'),
      chooseFile: (purpose) => chooseFile(console.current, purpose),
    }),
    isOwnSender: (sender) => isOwnSender(sender, { devServer, isConsole: (id) => console.has(id) }),
    log: hostLog,
  });

  const sendNow = () => void service.worker.triggerNow();
  const onQuit = () => app.quit();
  const tray = new CourierTray({ platform, onOpen: () => console.show(), onSend: sendNow, onQuit });
  Menu.setApplicationMenu(
    Menu.buildFromTemplate(
      menuTemplate({
        platform,
        isDevelopment: devServer !== null,
        onSend: sendNow,
        onGo: (place) => console.show(place),
        onQuit,
      }),
    ),
  );
  const standing = new StandingWatch(
    () => service.status(),
    (now) => {
      tray.show(now);
      app.setBadgeCount(now.waiting);
    },
  );
  service.worker.on({ changed: () => standing.look() });
  service.desk.onNotice(notify);

  const inspection = options.inspectPort === null ? null : await inspect(service, options.inspectPort, hostLog);
  const quit = new Quit({
    async stop() {
      console.current?.setTitle(`${appName}: finishing what is on its way`);
      console.current?.setProgressBar(2);
      standing.stop();
      tray.show({ kind: 'sending', words: 'Finishing what is on its way (10 s at most)', waiting: 0 });
      await inspection?.stop();
      await service.stop().catch((error: unknown) => hostLog.error({ err: error }, 'The service did not stop cleanly.'));
      tray.remove();
    },
    showNote: showStoppingNote,
    exit: onQuit,
  });
  app.on('before-quit', (event) => quit.onBeforeQuit(event));
  // The service goes on without a window.
  app.on('window-all-closed', () => {});
  app.on('activate', () => console.show());
  app.on('second-instance', () => console.show());
  // Signing out or switching the computer off waits for the drain, where the system lets it.
  const waitForDrain = (event: { preventDefault(): void }) => {
    event.preventDefault();
    onQuit();
  };
  // Electron's types leave out what its documentation promises: the event.
  powerMonitor.on('shutdown', waitForDrain as () => void);
  onSignals(onQuit);

  // Shown before the first cycle: an operator sees at once that it runs.
  if (!options.isHidden) console.show();
  await service.start();
  standing.look();
  hostLog.info({ secretStorage: secretStorage() }, 'The desktop is running.');
}

/** What keeps the application from starting, said to the operator. @returns the exit code. */
export function sayWhyNot(error: unknown, log: ServiceLog): number {
  log.error({ err: error }, 'HL7 Courier could not start.');
  const words =
    error instanceof CourierError ? error.message : 'Something went wrong inside HL7 Courier; the log has the details.';
  dialog.showErrorBox(`${appName} cannot start`, words);
  return 2;
}

function notify({ title, body }: { title: string; body: string }): void {
  if (Notification.isSupported()) new Notification({ title, body }).show();
}

async function chooseFile(window: BrowserWindow | null, purpose: Params<'chooseFile'>['purpose']): Promise<string | null> {
  const what = purpose === 'key' ? 'a private key' : 'certificates';
  const options = {
    title: `Choose a file with ${what}`,
    properties: ['openFile' as const],
    filters: [
      { name: 'PEM', extensions: ['pem', 'crt', 'cer', 'key'] },
      { name: 'All files', extensions: ['*'] },
    ],
  };
  const { canceled, filePaths } = await (window === null
    ? dialog.showOpenDialog(options)
    : dialog.showOpenDialog(window, options));
  return canceled ? null : (filePaths[0] ?? null);
}

/** Development only: an installed application does not offer it. */
async function inspect(service: Service, port: number, log: Pick<ServiceLog, 'info' | 'warn'>) {
  if (app.isPackaged) {
    log.warn({}, '--inspect-machines is for development and has no effect in an installed HL7 Courier.');
    return null;
  }
  const { startInspection } = await import('../service/inspection.ts');
  const inspection = await startInspection(port);
  service.watchMachines(inspection.inspect);
  log.info({ url: inspection.url }, 'The machines are shown in the Stately inspector.');
  return inspection;
}

function onSignals(quit: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(signal === 'SIGINT' ? 130 : 143));
      quit();
    });
  }
}
