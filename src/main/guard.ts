/**
 * What no page may do, whichever window it is in: go elsewhere, open windows, embed others, ask for devices.
 * May import: electron, src/main.
 */
import type { App, Session, WebContents } from 'electron';
import type { Log } from '../service/log.ts';
import { isOwnPage } from './own-page.ts';

/**
 * Permissions the console needs: it copies text that the operator asked for. Everything else is denied.
 */
const granted: ReadonlySet<string> = new Set(['clipboard-sanitized-write']);

export interface GuardOptions {
  devServer: string | null;
  log: Pick<Log, 'warn'>;
}

/** Guards every page that is ever made. Called before the first one. */
export function guardPages(app: Pick<App, 'on'>, options: GuardOptions): void {
  app.on('web-contents-created', (_event, contents) => guardPage(contents, options));
}

function guardPage(contents: WebContents, { devServer, log }: GuardOptions): void {
  const stay = (event: { preventDefault(): void; url: string }) => {
    if (isOwnPage(event.url, devServer)) return;
    event.preventDefault();
    log.warn({}, 'A page tried to go to another address; it stays where it is.');
  };
  contents.on('will-navigate', stay);
  contents.on('will-frame-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  // No address is on a list to be opened in the browser: the console has no links to the outside.
  contents.setWindowOpenHandler(() => {
    log.warn({}, 'A page tried to open a window; it was denied.');
    return { action: 'deny' };
  });
}

/** Denies what the pages of a session may ask for, and checks what they download. */
export function guardSession(session: Session, { devServer, log }: GuardOptions): void {
  const isGranted = (permission: string, address: string) => granted.has(permission) && isOwnPage(address, devServer);
  session.setPermissionRequestHandler((_contents, permission, callback, { requestingUrl }) =>
    callback(isGranted(permission, requestingUrl)),
  );
  session.setPermissionCheckHandler((_contents, permission, requestingOrigin) => isGranted(permission, requestingOrigin));
  session.setDevicePermissionHandler(() => false);
  session.setSpellCheckerEnabled(false);
  session.on('will-download', (event, item) => {
    // What the console exports it makes itself; nothing is fetched from elsewhere.
    if (item.getURL().startsWith('blob:')) return;
    event.preventDefault();
    log.warn({}, 'A page tried to download from an address; it was denied.');
  });
}
