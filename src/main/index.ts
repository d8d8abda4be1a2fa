/**
 * Entry of the desktop application: what must be said before Electron is ready, then the host.
 *   data directory -> one instance for it -> ready -> desktop
 * May import: electron, node, src/service, src/main.
 */
import { app, dialog, protocol } from 'electron';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeLog } from '../service/log.ts';
import { runDesktop, sayWhyNot } from './desktop.ts';
import { openLogFile } from './log-file.ts';
import { switchesAgainstNetwork } from './no-network.ts';
import { desktopOptions } from './options.ts';
import { consoleScheme } from './own-page.ts';

const options = desktopOptions(process.argv.slice(1), process.env);
const stateDir = join(options.dataDir, 'desktop');
app.setName('HL7 Courier');
app.setAppUserModelId('org.hl7-courier.desktop');
protocol.registerSchemesAsPrivileged([
  { scheme: consoleScheme, privileges: { standard: true, secure: true, supportFetchAPI: false, codeCache: true } },
]);
app.enableSandbox();
const devServer = app.isPackaged ? null : (process.env['ELECTRON_RENDERER_URL'] ?? null);
for (const [name, value] of switchesAgainstNetwork(devServer)) app.commandLine.appendSwitch(name, value);

if (isFolderReady()) {
  // Chromium's profile lies with the data, so that there is one instance for each data directory.
  app.setPath('userData', stateDir);
  if (app.requestSingleInstanceLock()) void start();
  else app.quit();
}

function isFolderReady(): boolean {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    return true;
  } catch {
    dialog.showErrorBox(
      'HL7 Courier cannot start',
      'The data directory cannot be made or written to; check its permissions, or start with --data-dir DIR.',
    );
    app.exit(2);
    return false;
  }
}

async function start(): Promise<void> {
  const file = openLogFile(join(stateDir, 'courier.log'));
  const log = makeLog({ level: 'info', stream: file });
  const onBroken = (error: unknown) => log.error({ err: error }, 'Something broke inside the desktop host.');
  process.on('unhandledRejection', onBroken);
  await app.whenReady();
  try {
    await runDesktop({
      options,
      stateDir,
      log,
      pagesDir: join(import.meta.dirname, '../renderer'),
      preload: join(import.meta.dirname, '../preload/index.cjs'),
      devServer,
      platform: process.platform,
      environment: process.env,
    });
  } catch (error) {
    app.exit(sayWhyNot(error, log));
  }
}
