/**
 * Which names mean this service. A page of another site can make a browser ask for its own name and have that name
 * resolve to this machine (DNS rebinding); the `Host` header still says the foreign name, and is refused.
 * May import: node.
 */

/** What this machine is called and where it can be reached; asked for anew at each look, because addresses change. */
export interface Machine {
  hostname: () => string;
  /** Addresses of all interfaces, as `os.networkInterfaces()` has them. */
  addresses: () => string[];
}

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);
const everywhere = new Set(['0.0.0.0', '::', '']);

/** Whether a service bound to `host` listens on every address of the machine. */
export const isEverywhere = (host: string): boolean => everywhere.has(host);

/** An address or name as it stands in a URL: IPv6 in brackets and in its shortest form, without a zone. */
export function urlHost(host: string): string {
  const bare = host.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  if (!bare.includes(':')) return bare.toLowerCase();
  return URL.canParse(`http://[${bare}]`) ? new URL(`http://[${bare}]`).hostname : `[${bare}]`;
}

/**
 * @param hostHeader value of `Host`, `name[:port]`.
 * @param bound what the service listens on: the `--host` value and the port.
 */
export function isOwnHost(hostHeader: string, bound: { host: string; port: number }, machine: Machine): boolean {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(hostHeader);
  if (match === null || Number(match[2] ?? 80) !== bound.port) return false;
  const name = urlHost(match[1] ?? '');
  if (loopbackNames.has(name)) return true;
  if (!isEverywhere(bound.host)) return name === urlHost(bound.host);
  return name === machine.hostname().toLowerCase() || machine.addresses().map(urlHost).includes(name);
}
