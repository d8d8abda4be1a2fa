/**
 * A service double behind a real console server on loopback, and ways to talk to it that leave every header to the test.
 */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { events } from '../../../src/common/contract.ts';
import type { CourierApi, CourierEvent, EventName, Params, RequestName, Status } from '../../../src/common/contract.ts';
import { startConsoleServer } from '../../../src/headless/server/console-server.ts';
import type { ConsoleServerOptions } from '../../../src/headless/server/console-server.ts';
import { makeToken } from '../../../src/headless/server/token.ts';

export const someStatus: Status = { pending: 3, submitted: 5, failed: 1, ignored: 0, quarantined: 0, running: true };

/** Answers what it is told to answer, remembers what it was asked, tells what it is told to tell. */
export class CourierDouble implements CourierApi {
  readonly asked: { name: string; params: unknown }[] = [];
  readonly listeners = new Set<(event: CourierEvent) => void>();
  answer: (name: RequestName, params: unknown) => unknown = () => someStatus;
  firstState: CourierEvent[] = [{ name: 'onSubmissionProgress', payload: { inFlight: 0, queueSize: 0, activeWorker: false } }];

  async request<Name extends RequestName>(name: Name, params: Params<Name>): Promise<never> {
    this.asked.push({ name, params });
    return (await this.answer(name, params)) as never;
  }

  subscribe(listener: (event: CourierEvent) => void): () => void {
    for (const event of this.firstState) listener(event);
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(event: CourierEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
  json: () => { error?: { code: string; message: string } } & Record<string, unknown>;
}

/** A running server with its double; closed after the test. */
export async function startServer(options: Partial<ConsoleServerOptions> = {}) {
  const api = new CourierDouble();
  const token = makeToken();
  const logged: { level: string; details: object; message: string }[] = [];
  const log = {
    warn: (details: object, message: string) => void logged.push({ level: 'warn', details, message }),
    error: (details: object, message: string) => void logged.push({ level: 'error', details, message }),
  };
  const metrics = async () => 'hl7_courier_in_flight 0\n';
  const health = async () => ({ ok: true });
  const server = await startConsoleServer({
    api,
    host: '127.0.0.1',
    port: 0,
    token,
    version: '9.8.7',
    metrics,
    health,
    log,
    ...options,
  });
  onTestFinished(() => server.close());

  /** One request with exactly these headers beside `Host`; the token comes along unless `authorization` says otherwise. */
  async function ask(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
    const all = { authorization: `Bearer ${token}`, ...headers };
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
    const outgoing = httpRequest({ host: '127.0.0.1', port: server.port, method, path, headers: sent, agent: false });
    // An answer can come before all is sent; that the rest is not wanted any more is no fault then.
    outgoing.on('error', () => {});
    outgoing.end(body);
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of incoming.setEncoding('utf8')) text += String(chunk);
    return { status: incoming.statusCode ?? 0, headers: incoming.headers, text, json: () => JSON.parse(text) as never };
  }
  const post = (name: string, payload?: unknown) =>
    ask('POST', `/api/${name}`, payload === undefined ? {} : json, payload === undefined ? undefined : JSON.stringify(payload));

  /** Bytes as they are to a socket, and all that comes back. */
  async function raw(bytes: string): Promise<string> {
    const socket = connect(server.port, '127.0.0.1');
    socket.write(bytes);
    let text = '';
    for await (const chunk of socket.setEncoding('latin1')) text += String(chunk);
    return text;
  }

  /** An event stream that is read as fast as it comes. */
  async function listen(headers: Record<string, string> = {}): Promise<Listener> {
    const outgoing = httpRequest({
      host: '127.0.0.1',
      port: server.port,
      path: '/api/events',
      headers: { authorization: `Bearer ${token}`, ...headers },
      agent: false,
    });
    outgoing.end();
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    return new Listener(incoming);
  }
  return { api, token, logged, server, ask, post, raw, listen };
}

export const json = { 'content-type': 'application/json' };

export class Listener {
  readonly response: IncomingMessage;
  readonly events: CourierEvent[] = [];
  /** The parts that are no events: comments and the like. */
  readonly asides: string[] = [];
  isEnded = false;
  isBroken = false;
  #rest = '';
  #wake: () => void = () => {};

  constructor(response: IncomingMessage) {
    this.response = response.setEncoding('utf8');
    response.on('data', (text: string) => this.#read(text));
    response.on('end', () => this.#settle(() => (this.isEnded = true)));
    response.on('error', () => this.#settle(() => (this.isBroken = true)));
  }

  /** Waits until this holds; a test that waits in vain ends by its time limit. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition())
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }

  count = (name: EventName): number => this.events.filter((event) => event.name === name).length;

  #read(text: string): void {
    const parts = (this.#rest + text).split('\n\n');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) {
      const match = /^event: (\w+)\ndata: ([^\n]*)$/.exec(part);
      if (match === null) this.asides.push(part);
      // Whatever a console is told fits the contract.
      else {
        const name = match[1] as EventName;
        this.events.push({ name, payload: events[name].parse(JSON.parse(match[2] ?? '')) } as CourierEvent);
      }
    }
    this.#wake();
  }

  #settle(note: () => void): void {
    note();
    this.#wake();
  }
}
