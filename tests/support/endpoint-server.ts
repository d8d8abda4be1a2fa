/**
 * Real servers on loopback for tests of the delivery: an endpoint that counts its connections and requests, and a proxy
 * that can refuse.
 * May import: node.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';

export interface SeenRequest {
  method: string;
  url: string;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}
export interface EndpointServer {
  url: string;
  port: number;
  seen: SeenRequest[];
  connections: number;
  openConnections(): number;
  close(): Promise<void>;
}
export type Handler = (request: SeenRequest, response: http.ServerResponse, socket: Socket) => void;

/** Serves `handler` once a request's body is there; https when `tls` is given. */
export async function serveEndpoint(handler: Handler, tls?: https.ServerOptions): Promise<EndpointServer> {
  const sockets = new Set<Socket>();
  const listener: http.RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('end', () => {
      const seen = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks),
      };
      endpoint.seen.push(seen);
      handler(seen, response, request.socket);
    });
  };
  const server = tls === undefined ? http.createServer(listener) : https.createServer(tls, listener);
  server.on('connection', (socket: Socket) => {
    endpoint.connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const endpoint: EndpointServer = {
    url: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    port,
    seen: [],
    connections: 0,
    openConnections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return endpoint;
}

export interface ProxyServer {
  url: string;
  /** `CONNECT host:port`, or method and absolute address, of each request. */
  seen: { line: string; authorization: string | undefined }[];
  /** What CONNECT is answered with; a tunnel when null, silence when 0. */
  refuseWith: number | null;
  openConnections(): number;
  close(): Promise<void>;
}

/** A proxy as hospitals have them: it forwards http and tunnels https; itself behind TLS when `tls` is given. */
export async function serveProxy(tls?: https.ServerOptions): Promise<ProxyServer> {
  const sockets = new Set<Socket>();
  const listener: http.RequestListener = (request, response) => {
    proxy.seen.push({ line: `${request.method} ${request.url}`, authorization: request.headers['proxy-authorization'] });
    const { 'proxy-authorization': _own, 'proxy-connection': _hop, ...headers } = request.headers;
    const forwarded = http.request(request.url ?? '', { method: request.method ?? 'GET', headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    request.pipe(forwarded);
  };
  const server = tls === undefined ? http.createServer(listener) : https.createServer(tls, listener);
  server.on('tlsClientError', () => {});
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.on('connect', (request: http.IncomingMessage, socket: Socket) => {
    proxy.seen.push({ line: `CONNECT ${request.url}`, authorization: request.headers['proxy-authorization'] });
    if (proxy.refuseWith === 0) return;
    if (proxy.refuseWith !== null) {
      socket.end(`HTTP/1.1 ${proxy.refuseWith} DOE JANE\r\n\r\n`);
      return;
    }
    const target = new URL(`http://${request.url}`);
    const upstream = connect(Number(target.port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket);
      socket.pipe(upstream);
    });
    sockets.add(upstream);
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: ProxyServer = {
    url: `${tls === undefined ? 'http://127.0.0.1' : 'https://localhost'}:${(server.address() as AddressInfo).port}`,
    seen: [],
    refuseWith: null,
    openConnections: () => [...sockets].filter((socket) => !socket.destroyed).length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return proxy;
}
