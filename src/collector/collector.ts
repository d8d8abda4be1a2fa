/**
 * The reference collector (docs/collector.md): the HTTP side, on any storage.
 *   POST <path> -> authorization -> size -> JSON -> schema -> storage (durable) -> 201 or 200
 *   GET / , /sessions/:id , /api/... , /healthz
 * May import: fastify, zod, node.
 */
import fastify from 'fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { challengeFor, isAuthorized } from './authorization.ts';
import { isLoopbackAddress, isLoopbackHostHeader, urlOf } from './addresses.ts';
import { openStorage } from './open-storage.ts';
import { listPage } from './pages/list-page.ts';
import type { Html } from './pages/html.ts';
import { sessionPage } from './pages/session-page.ts';
import { icon, styleSheet } from './pages/style.ts';
import { Problem } from './problem.ts';
import { drained } from './drained.ts';
import { receivedSession } from './session-body.ts';
import type { CollectorStorage } from './storage.ts';

export interface CollectorAppOptions {
  storage: CollectorStorage;
  /** Where sessions are POSTed, such as `/sessions`. */
  path: string;
  /** The `Authorization` header that every call but `/healthz` must have; empty: none is needed. */
  authorization: string;
  bodyLimitBytes: number;
  /** Only this computer can reach it: then the Host header must say so too (DNS rebinding). */
  isLoopbackOnly: boolean;
  /** One line for the operator; never a secret, never patient data. */
  log: (line: string) => void;
  now: () => number;
}

const pageSize = 50;
const listQuery = z.object({
  q: z.string().max(256).default(''),
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  live: z.string().optional(),
});
const apiListQuery = z.object({
  q: z.string().max(256).default(''),
  offset: z.coerce.number().int().min(0).max(100_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(pageSize),
});

function parsedQuery<Schema extends z.ZodType>(schema: Schema, query: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Problem('query_invalid', `The query parameter ${String(issue?.path[0])} is not valid: ${issue?.message}.`);
}

/** The collector without a port of its own: for `startCollector`, and for tests through `inject`. */
export function collectorApp(options: CollectorAppOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: options.bodyLimitBytes,
    requestTimeout: 300_000,
    // A request that comes while we close is answered as usual, and its connection closed afterwards.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 256, onBadUrl: (_path, _request, response) => refuseBadUrl(response) },
  });
  closeAnsweredConnections(app);
  guardRequests(app, options);
  answerProblems(app, options);
  readBodies(app);
  acceptSessions(app, options);
  servePages(app, options);
  serveApi(app, options);
  return app;
}

/** An answer on its way while the collector closes ends its connection: kept alive, it would hold up the end. */
function closeAnsweredConnections(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close');
  });
}

/** What fastify's router answers for a path that cannot be decoded, before any hook runs. */
function refuseBadUrl(response: unknown): void {
  const raw = response as import('node:http').ServerResponse;
  const problem = new Problem('request_invalid', 'The address is not properly percent-encoded.');
  raw.writeHead(problem.status, { 'content-type': 'application/problem+json; charset=utf-8' });
  raw.end(JSON.stringify(problem.toBody()));
}

function guardRequests(app: FastifyInstance, { authorization, isLoopbackOnly }: CollectorAppOptions): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    if (request.routeOptions.url === '/healthz') return;
    if (isLoopbackOnly && authorization === '' && !isLoopbackHostHeader(request.headers.host))
      throw new Problem(
        'host_not_allowed',
        'This collector answers on this computer only; address it as 127.0.0.1 or localhost.',
      );
    if (authorization !== '' && !isAuthorized(request.headers.authorization, authorization)) {
      reply.header('www-authenticate', challengeFor(authorization));
      throw new Problem('authorization_required', 'The Authorization header is missing or not the expected one.');
    }
  });
}

function answerProblems(app: FastifyInstance, { path, log }: CollectorAppOptions): void {
  const send = (reply: FastifyReply, problem: Problem) =>
    reply.code(problem.status).type('application/problem+json; charset=utf-8').send(JSON.stringify(problem.toBody()));
  app.setErrorHandler<FastifyError>(async (error, request, reply) => {
    const problem = problemOf(error, request);
    if (problem.code === 'internal_error') log(`A request failed: ${error.name} ${error.code ?? ''}`.trimEnd());
    // A client that still sends would see its connection reset instead of this answer.
    if (problem.code === 'body_too_large') await drained(request.raw);
    return send(reply, problem);
  });
  app.setNotFoundHandler(async (request, reply) => {
    if (request.url.split('?')[0] === path) {
      reply.header('allow', 'POST');
      return send(reply, new Problem('method_not_allowed', `Sessions are POSTed to ${path}.`));
    }
    return send(reply, new Problem('not_found', 'There is nothing at this address.'));
  });
}

/** Fastify's own refusals in our words. */
function problemOf(error: FastifyError, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Problem('body_too_large', `The body is larger than ${request.routeOptions.bodyLimit} bytes.`);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return new Problem('content_type_unsupported', 'The body must be application/json.');
    default:
      return error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
        ? new Problem('request_invalid', 'The request is not valid HTTP, or was cut short.')
        : new Problem('internal_error', 'Something went wrong inside the collector.');
  }
}

/** Bodies come as bytes: they are decoded strictly and kept as they are. */
function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

/** Runs a storage call; its failure is a 503 and one line in the log, without the database's words: they may quote data. */
async function stored<Result>(work: Promise<Result>, log: (line: string) => void): Promise<Result> {
  try {
    return await work;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no code';
    log(`The database did not answer or refused (${code}).`);
    throw new Problem('database_unavailable', 'The database is not available; try again later.', { cause });
  }
}

function acceptSessions(app: FastifyInstance, { storage, path, log, now }: CollectorAppOptions): void {
  app.post(path, async (request, reply) => {
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity')
      throw new Problem('content_encoding_unsupported', 'The body must be sent without Content-Encoding.');
    if (!(request.body instanceof Buffer)) throw new Problem('content_type_unsupported', 'The body must be application/json.');
    const session = receivedSession(request.body, now());
    const key = request.headers['idempotency-key'];
    if (key !== undefined && key !== session.sessionId)
      throw new Problem('idempotency_key_mismatch', 'The Idempotency-Key header and the sessionId in the body must be equal.');
    const receipt = await stored(storage.accept(session), log);
    reply.code(receipt.duplicate ? 200 : 201).header('location', `/sessions/${session.sessionId}`);
    return { ...receipt, sessionId: session.sessionId };
  });
}

function servePages(app: FastifyInstance, { storage, path, log }: CollectorAppOptions): void {
  const send = (reply: FastifyReply, content: Html) => reply.type('text/html; charset=utf-8').send(content.markup);
  app.get('/', async (request, reply) => {
    const { q, page, live } = parsedQuery(listQuery, request.query);
    const query = { text: q.trim(), pageNumber: page, isLive: live === '1' };
    const wanted = { text: query.text, offset: (page - 1) * pageSize, limit: pageSize };
    const [found, totals] = await stored(Promise.all([storage.list(wanted), storage.totals()]), log);
    return send(reply, listPage(query, found, totals, { endpoint: `http://${request.host}${path}`, pageSize }));
  });
  app.get<{ Params: { id: string } }>('/sessions/:id', async (request, reply) => {
    const found = await foundSession(storage, request.params.id, log);
    return send(reply, sessionPage(found.session, JSON.parse(found.body)));
  });
  app.get('/style.css', async (_request, reply) => reply.type('text/css; charset=utf-8').send(styleSheet));
  app.get('/icon.svg', async (_request, reply) => reply.type('image/svg+xml').send(icon));
}

async function foundSession(storage: CollectorStorage, id: string, log: (line: string) => void) {
  // A control character is in no id, and PostgreSQL refuses NUL.
  const found = /\p{Cc}/u.test(id) ? null : await stored(storage.find(id), log);
  if (found === null) throw new Problem('session_not_found', 'No session with this id has arrived.');
  return found;
}

function serveApi(app: FastifyInstance, { storage, log }: CollectorAppOptions): void {
  app.get('/healthz', async () => {
    await stored(storage.check(), log);
    return { status: 'ok', database: storage.kind };
  });
  app.get('/api/count', async () => stored(storage.totals(), log));
  app.get('/api/sessions', (request) => {
    const { q, offset, limit } = parsedQuery(apiListQuery, request.query);
    return stored(storage.list({ text: q.trim(), offset, limit }), log);
  });
  app.get<{ Params: { id: string } }>('/api/sessions/:id', async (request, reply) => {
    const found = await foundSession(storage, request.params.id, log);
    return reply.type('application/json; charset=utf-8').send(found.body);
  });
}

export interface CollectorOptions {
  /** 0: any free port. */
  port: number;
  host: string;
  /** SQLite file, `:memory:`, or `postgres://...`. */
  db: string;
  path: string;
  authorization: string;
  bodyLimitBytes: number;
  log: (line: string) => void;
}
export interface RunningCollector {
  /** Where the pages are. */
  url: string;
  /** Where sessions are POSTed. */
  endpoint: string;
  database: CollectorStorage['kind'];
  /** Answers what is under way, then gives port and database back. */
  close(): Promise<void>;
}

/**
 * Opens the database and listens.
 * @throws CourierError when the database cannot be used; the error of `listen` (such as EADDRINUSE) when the port cannot.
 */
export async function startCollector(options: CollectorOptions): Promise<RunningCollector> {
  const { port, host, path, log } = options;
  const storage = await openStorage(options.db, log);
  const isLoopbackOnly = isLoopbackAddress(host);
  const app = collectorApp({ ...options, storage, isLoopbackOnly, now: Date.now });
  try {
    await app.listen({ port, host });
  } catch (error) {
    await storage.close();
    throw error;
  }
  const url = urlOf(app.server.address(), host);
  return {
    url,
    endpoint: `${url}${path}`,
    database: storage.kind,
    close: async () => {
      await app.close();
      await storage.close();
    },
  };
}
