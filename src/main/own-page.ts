/**
 * Which pages are ours, and who may speak for them: only the main frame of a window that shows the console.
 * May import: src/common.
 */

/** The scheme and host under which the built console is served (console-protocol.ts). */
export const consoleScheme = 'app';
const consoleHost = 'console';
export const consoleAddress = `${consoleScheme}://${consoleHost}/index.html`;

/**
 * Whether an address is the console's.
 * @param devServer address of the development server; null in every build.
 */
export function isOwnPage(address: string, devServer: string | null): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  if (url.username !== '' || url.password !== '') return false;
  // URL.origin is "null" for schemes that it does not know, so its parts are compared.
  if (url.protocol === `${consoleScheme}:`) return url.host === consoleHost;
  return devServer !== null && url.origin === new URL(devServer).origin;
}

/** The part of Electron's WebFrameMain that is looked at. */
interface SenderFrame {
  url: string;
  parent: unknown;
}

/** The frame that sent a message; null when it is gone or has moved on. */
export interface Sender {
  senderFrame: SenderFrame | null;
  sender: { id: number };
}

/**
 * Whether a message comes from the main frame of a console's window.
 * @param isConsole whether the WebContents with this id is the console's.
 */
export function isOwnSender(
  { senderFrame, sender }: Sender,
  { devServer, isConsole }: { devServer: string | null; isConsole: (id: number) => boolean },
): boolean {
  if (senderFrame === null || senderFrame.parent !== null) return false;
  return isConsole(sender.id) && isOwnPage(senderFrame.url, devServer);
}
