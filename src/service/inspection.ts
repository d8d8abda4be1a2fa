/**
 * Shows every machine in the Stately inspector, during development only: a page on this computer that hands on to the
 * inspector what the machines tell.
 *   machines -> (stripped: names, states, numbers) -> @statelyai/inspect -> page on 127.0.0.1 -> inspector in a frame
 * The inspector is somebody else's page, so nothing is handed over but what is listed here; @statelyai/inspect itself
 * never sees a context, an output or an error as it is. Its own server is not used: it listens on every address.
 * May import: node, xstate, @statelyai/inspect.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { createInspector } from '@statelyai/inspect';
import type { InspectionEvent } from 'xstate';
import { inspectorPage, inspectorPolicy, inspectorScript } from './inspection-page.ts';

/** Text is handed over under these names only, and only if it looks like a word of a program. */
const wordNames: ReadonlySet<string> = new Set([
  'type',
  'id',
  'kind',
  'state',
  'phase',
  'verdict',
  'ruling',
  'end',
  'code',
  'followedBy',
  'submissionStatus',
]);
const word = /^[A-Za-z0-9_.:-]{1,160}$/;
/** Tables by session id: of them only the size. */
const tables: ReadonlySet<string> = new Set(['underWay', 'unrecorded']);
const depthMax = 4;

/**
 * A context or an event without what must not leave: text that is not a known word, lists, bytes, errors, functions.
 * @returns a new value of plain objects, numbers, flags and words.
 */
export function sanitized(value: unknown, name = '', depth = 0): unknown {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'string') return wordNames.has(name) && word.test(value) ? value : '[text]';
  if (Array.isArray(value)) return `[${value.length} items]`;
  const isPlain = typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value) as null);
  if (!isPlain || depth === depthMax) return '[not shown]';
  const entries = Object.entries(value as object);
  if (tables.has(name)) return `[${entries.length} items]`;
  return Object.fromEntries(entries.map(([key, part]) => [key, sanitized(part, key, depth + 1)]));
}

/** What an actor's snapshot is to the inspector: where a chart stands; of promises and callbacks only whether they run. */
function sanitizedSnapshot(snapshot: unknown): {
  status: 'active' | 'done' | 'error' | 'stopped';
  value?: unknown;
  context?: unknown;
} {
  const { status, value, context, machine } = snapshot as Record<string, unknown>;
  const shown = { status: status as 'active' };
  return machine === undefined ? shown : { ...shown, value, context: sanitized(context) };
}
const sanitizedEvent = (event: { type: string }) => ({ ...(sanitized(event) as object), type: event.type.slice(0, 200) });

type Inspector = ReturnType<typeof createInspector>;

/** The part of an actor that introduces it. */
interface SeenActor {
  sessionId: string;
  logic?: { config?: unknown };
  _parent?: SeenActor;
}
/** What a chart begins with and hands over may be data; the rest is the chart. */
const dataKeys: ReadonlySet<string> = new Set(['context', 'input', 'output', 'params', 'meta']);

/** An actor as it is introduced: its chart without data, and its parents. */
function chartOf({ sessionId, logic, _parent }: SeenActor): Parameters<Inspector['actor']>[0] {
  const config: unknown = logic?.config;
  const chart = typeof config === 'object' ? { logic: { config: withoutData(config) } } : {};
  return { sessionId, ...chart, ...(_parent === undefined ? {} : { _parent }) } as never;
}

function withoutData(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(withoutData);
  // Of functions the inspector is told the name.
  if (typeof part !== 'object' || part === null) return part;
  const kept = Object.entries(part).filter(([key]) => !dataKeys.has(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutData(value)]));
}

export interface Inspection {
  /** Open it in a browser: the inspector with our machines. */
  url: string;
  /** For `createActor`'s `inspect`, or an actor's `system.inspect`. */
  inspect(event: InspectionEvent): void;
  stop(): Promise<void>;
}

/** A page that does not keep up is behind by this much at most; what comes then is not sent to it. */
const behindBytesMax = 8 * 1024 * 1024;

/** @param port on 127.0.0.1; 0 for any that is free. */
export async function startInspection(port: number): Promise<Inspection> {
  const pages = new Set<ServerResponse>();
  /** Actors that live, each with its introduction and its latest snapshot, for a page that is opened later. */
  const living = new Map<string, { introduction: string; snapshot: string }>();
  const library = await import('@statelyai/inspect');
  const inspector = library.createInspector({
    send(event) {
      const text = `data: ${JSON.stringify(event)}\n\n`;
      const { sessionId, type } = event;
      if (type === '@xstate.actor') living.set(sessionId, { introduction: text, snapshot: '' });
      const known = living.get(sessionId);
      if (type === '@xstate.snapshot' && known !== undefined) known.snapshot = text;
      if (type === '@xstate.snapshot' && (event.snapshot as { status?: string }).status !== 'active') living.delete(sessionId);
      for (const page of pages) if (page.writableLength < behindBytesMax) page.write(text);
    },
  });
  const inspect = (event: InspectionEvent) => {
    const { actorRef } = event;
    // One that is watched from the middle of its life is introduced first. Its snapshot follows: while an actor is being
    // made it has none.
    if (event.type === '@xstate.actor' || (event.type === '@xstate.event' && !living.has(actorRef.sessionId)))
      inspector.actor(chartOf(actorRef as SeenActor), { status: 'active' });
    if (event.type === '@xstate.event')
      inspector.event(actorRef.sessionId, sanitizedEvent(event.event), sourceOf(event.sourceRef));
    if (event.type === '@xstate.snapshot')
      inspector.snapshot(actorRef.sessionId, sanitizedSnapshot(event.snapshot), { event: sanitizedEvent(event.event) });
  };

  const server = createServer((request, response) => {
    const answer = isOwn(request) ? answers[request.url ?? ''] : undefined;
    response.setHeader('content-security-policy', inspectorPolicy);
    response.setHeader('x-content-type-options', 'nosniff');
    if (answer === undefined) response.writeHead(404).end();
    else answer(response);
  });
  const answers: Record<string, (response: ServerResponse) => void> = {
    '/': (response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(inspectorPage),
    '/inspector.js': (response) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(inspectorScript),
    '/events'(response) {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write([...living.values()].map(({ introduction, snapshot }) => introduction + snapshot).join(''));
      pages.add(response);
      response.on('close', () => pages.delete(response));
    },
  };
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    inspect,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const sourceOf = (source: { sessionId: string } | undefined) => (source === undefined ? {} : { source: source.sessionId });

/** Asked by this computer's name for itself, and by no page of another site (DNS rebinding). */
function isOwn({ headers, socket }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'] ?? 'none';
  return headers.host === `127.0.0.1:${socket.localPort}` && (site === 'none' || site === 'same-origin');
}
