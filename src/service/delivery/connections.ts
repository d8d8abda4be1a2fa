/**
 * The connections of a destination: kept alive and reused, over TLS and through a proxy where there is one.
 * Node's own proxy support does it (docs/decisions/http-client.md), but for proxies that are reached over TLS.
 * May import: node.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { hostOf, openTunnel, portOf, secureProxyOptions, serverNameOf } from './tunnel.ts';

export interface ConnectionOptions {
  endpoint: URL;
  proxy: URL | null;
  /** Whom we trust and who we are; null when neither endpoint nor proxy is https. */
  secureContext: SecureContext | null;
  /** Bound of a whole attempt. */
  timeoutMs: number;
  /** How long an unused connection is kept. */
  idleMsMax: number;
}

/** The agent that got sends its requests through. As many connections as there are requests, so no request waits for one. */
export function makeAgent({ endpoint, proxy, secureContext, timeoutMs, idleMsMax }: ConnectionOptions): http.Agent {
  const isSecure = endpoint.protocol === 'https:';
  const options: https.AgentOptions = {
    keepAlive: true,
    // Ends a tunnel that a proxy never opens; a little later than the attempt itself, which tells the operator.
    timeout: timeoutMs + 1000,
    ...(proxy === null ? {} : { proxyEnv: { HTTP_PROXY: proxy.href, HTTPS_PROXY: proxy.href } }),
    ...(isSecure && secureContext !== null ? { secureContext } : {}),
  };
  const agent = isSecure ? new https.Agent(options) : new http.Agent(options);
  if (proxy?.protocol === 'https:') {
    agent.createConnection = isSecure
      ? (_options, take) => {
          openTunnel(endpoint, proxy, secureContext, AbortSignal.timeout(timeoutMs + 1000))
            .then((socket) => take?.(null, connectTls({ socket, ...trust(secureContext), ...serverNameOf(endpoint) })))
            // With an error there is no socket, whatever the types say.
            .catch((error: Error) => (take as (error: Error) => void)(error));
          return undefined;
        }
      : () => connectTls({ host: hostOf(proxy), port: portOf(proxy), ...secureProxyOptions(proxy, secureContext) });
  }
  // Node measures idle time with the agent's `timeout`, which bounds the tunnel here: give it its own.
  const whenIdle: http.Agent = Object.create(agent, { options: { value: { ...options, timeout: idleMsMax } } });
  const { keepSocketAlive } = agent;
  agent.keepSocketAlive = (socket) => keepSocketAlive.call(whenIdle, socket);
  return agent;
}

const trust = (secureContext: SecureContext | null) => (secureContext === null ? {} : { secureContext });
