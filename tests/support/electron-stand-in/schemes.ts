/**
 * Schemes of the application's own (`app://console/`). Chromium knows none of them, so their pages live at an https
 * address that stands for them; it is answered here and never reaches a network.
 *   app://console/index.html <-> https://console.app.electron-stand-in.test/index.html
 * May import: nothing.
 */

const suffix = 'electron-stand-in.test';
const handlers = new Map<string, (request: Request) => Promise<Response> | Response>();

export const protocol = {
  registerSchemesAsPrivileged(): void {},
  handle(scheme: string, handler: (request: Request) => Promise<Response> | Response): void {
    handlers.set(scheme, handler);
  },
  isProtocolHandled: (scheme: string) => handlers.has(scheme),
};

/** An address as Chromium is given it. */
export function toChromium(address: string): string {
  const [, scheme = '', host = '', rest = ''] = /^([a-z]+):\/\/([^/?#]*)(.*)$/.exec(address) ?? [];
  return handlers.has(scheme) ? `https://${host}.${scheme}.${suffix}${rest}` : address;
}

/** An address as the application knows it. */
export function toApplication(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  if (!url.hostname.endsWith(`.${suffix}`)) return address;
  const [scheme = '', ...host] = url.hostname
    .slice(0, -suffix.length - 1)
    .split('.')
    .toReversed();
  return `${scheme}://${host.toReversed().join('.')}${address.slice(url.origin.length)}`;
}

/** The application's answer; null when the address is none of its own. */
export async function answerOwnScheme(address: string, method: string): Promise<Response | null> {
  const own = toApplication(address);
  const handler = own === address ? undefined : handlers.get(own.slice(0, own.indexOf(':')));
  return handler === undefined ? null : handler(new Request(own, { method }));
}
