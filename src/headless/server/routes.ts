/**
 * What is where: the requests and the events of the contract, health, metrics and the console's pages. Only requests
 * that passed the gate come here.
 * May import: fastify, src/common.
 */
import fastifyStatic from '@fastify/static';
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { requestNames } from '../../common/contract.ts';
import type { CourierApi } from '../../common/contract.ts';
import { checkedParams } from '../../common/payload.ts';
import { nothingThere } from './addresses.ts';
import { cachingOf, refuse } from './answers.ts';
import type { EventStreams } from './event-stream.ts';
import { statusPage } from './plain-pages.ts';
import { bodyBytesMax, httpRefusal } from './refusals.ts';

/** What the server needs of a log; pino's has it. */
export interface ConsoleServerLog {
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface RouteOptions {
  api: CourierApi;
  version: string;
  /** Text for Prometheus. */
  metrics: () => Promise<string>;
  /** Whether the service does its work; only `ok` is told, because anybody may ask. */
  health: () => Promise<{ ok: boolean }>;
  /** Folder of the console's built pages; without it `/` is one plain page. */
  pagesDir?: string;
  log: ConsoleServerLog;
}

export async function routes(options: RouteOptions, streams: EventStreams): Promise<FastifyInstance> {
  const { api, log } = options;
  const app = fastify({
    bodyLimit: bodyBytesMax,
    exposeHeadRoutes: false,
    frameworkErrors: (_error, request, reply) => {
      refuse(request.raw, reply.raw, nothingThere(request.method, request.raw.url ?? ''));
    },
  });
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, {});
    else parseJson(request, String(body), done);
  });
  app.setErrorHandler((error, request, reply) => {
    const { status, body, isInternal } = httpRefusal(error);
    if (isInternal) log.error({ err: error, request: request.routeOptions.url }, 'A request failed inside the service.');
    return reply.code(status).send(body);
  });
  const nothing = (request: { raw: IncomingMessage }, reply: { hijack(): unknown; raw: ServerResponse }) => {
    reply.hijack();
    refuse(request.raw, reply.raw, nothingThere(request.raw.method ?? '', request.raw.url ?? ''));
  };
  // Before the body is read: an unknown request is unknown whatever came with it.
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) nothing(request, reply);
  });
  app.setNotFoundHandler(nothing);

  for (const name of requestNames)
    app.post(`/api/${name}`, async (request) => api.request(name, checkedParams(name, request.body)));
  app.get('/api/events', (_request, reply) => {
    reply.hijack();
    streams.open(reply.raw);
  });
  app.route({
    method: ['GET', 'HEAD'],
    url: '/healthz',
    handler: async (_request, reply) => {
      const ok = await isHealthy(options);
      return reply.code(ok ? 200 : 503).send({ ok });
    },
  });
  app.route({
    method: ['GET', 'HEAD'],
    url: '/metrics',
    handler: async (_request, reply) => {
      const text = await options.metrics();
      return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text);
    },
  });
  if (options.pagesDir === undefined)
    app.route({
      method: ['GET', 'HEAD'],
      url: '/',
      handler: async (_request, reply) =>
        reply.type('text/html; charset=utf-8').send(statusPage(options.version, await api.request('getStatus', {}))),
    });
  else
    await app.register(fastifyStatic, {
      root: options.pagesDir,
      cacheControl: false,
      dotfiles: 'ignore',
      setHeaders: (reply, path) => void reply.header('cache-control', cachingOf(path)),
    });
  await app.ready();
  return app;
}

async function isHealthy({ health, log }: RouteOptions): Promise<boolean> {
  try {
    return (await health()).ok;
  } catch (error) {
    log.error({ err: error }, 'The service could not tell how it is.');
    return false;
  }
}
