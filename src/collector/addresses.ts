/**
 * Addresses a collector listens on and is called by.
 * May import: src/common, node.
 */
import type { AddressInfo } from 'node:net';
import { isLoopbackHost } from '../common/settings.ts';

const bracketed = (host: string) => (host.includes(':') ? `[${host}]` : host);

/** Whether only this computer can reach a server that listens on `host`. */
export const isLoopbackAddress = (host: string): boolean => isLoopbackHost(bracketed(host));

/** Whether a Host header means this computer: a page of elsewhere that had its name resolved to 127.0.0.1 does not. */
export function isLoopbackHostHeader(header: string | undefined): boolean {
  return header !== undefined && URL.canParse(`http://${header}`) && isLoopbackHost(new URL(`http://${header}`).hostname);
}

/**
 * The address to open in a browser on this computer, without a slash at its end.
 * @param bound what the server says it is bound to.
 * @param host as it was asked for: a name stays that name, a wildcard becomes this computer's own address.
 */
export function urlOf(bound: AddressInfo | string | null, host: string): string {
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${bracketed(reachable)}:${port}`;
}
