/**
 * A way through a proxy to an https endpoint: CONNECT, and the socket behind it.
 * May import: node.
 */
import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';

export const portOf = (url: URL) => Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port);
/** Without the brackets of an IPv6 address. */
export const hostOf = (url: URL) => url.hostname.replace(/^\[|\]$/g, '');
/** The name asked for in the TLS handshake; an address is not one (RFC 6066, section 3). */
export const serverNameOf = (url: URL) => (isIP(hostOf(url)) === 0 ? { servername: hostOf(url) } : {});

/** What an https proxy is connected with: Node's own proxy support would trust Node's own authorities alone. */
export const secureProxyOptions = (proxy: URL, secureContext: SecureContext | null) =>
  secureContext === null || proxy.protocol !== 'https:' ? {} : { secureContext, ...serverNameOf(proxy) };

/**
 * Opens a tunnel to `endpoint`.
 * @param signal gives up.
 * @throws the error of the connection to the proxy, or `ERR_PROXY_TUNNEL` with the proxy's `statusCode`.
 */
export async function openTunnel(
  endpoint: URL,
  proxy: URL,
  secureContext: SecureContext | null,
  signal: AbortSignal,
): Promise<Socket> {
  const target = `${endpoint.hostname}:${portOf(endpoint)}`;
  const options: https.RequestOptions = {
    host: hostOf(proxy),
    port: portOf(proxy),
    method: 'CONNECT',
    path: target,
    headers: { host: target, ...credentialsOf(proxy) },
    agent: false,
    signal,
    ...secureProxyOptions(proxy, secureContext),
  };
  const request = proxy.protocol === 'https:' ? https.request(options) : http.request(options);
  request.on('error', () => {}); // What comes after the answer is the socket's to tell.
  request.end();
  const [response, socket] = (await once(request, 'connect', { signal })) as [http.IncomingMessage, Socket];
  socket.on('error', () => {});
  if (response.statusCode === 200) return socket;
  socket.destroy();
  throw Object.assign(new Error('the proxy opens no tunnel'), { code: 'ERR_PROXY_TUNNEL', statusCode: response.statusCode });
}

function credentialsOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}
