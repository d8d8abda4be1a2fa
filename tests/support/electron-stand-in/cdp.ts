/**
 * A connection to a Chromium over its DevTools protocol: commands and events, by session.
 * May import: node.
 */
import { EventEmitter } from 'node:events';

export type Params = Record<string, unknown>;
interface Message {
  id?: number;
  method?: string;
  params?: Params;
  result?: Params;
  error?: { message: string };
  sessionId?: string;
}

/** Emits each event under its method's name, with its parameters. */
export class CdpSession extends EventEmitter {
  readonly #send: (method: string, params: Params) => Promise<Params>;
  constructor(send: (method: string, params: Params) => Promise<Params>) {
    super();
    this.#send = send;
    this.setMaxListeners(0);
  }
  send(method: string, params: Params = {}): Promise<Params> {
    return this.#send(method, params);
  }
}

export class CdpConnection {
  readonly browser: CdpSession;
  readonly #socket: WebSocket;
  readonly #sessions = new Map<string, CdpSession>();
  readonly #pending = new Map<number, { resolve: (result: Params) => void; reject: (error: Error) => void }>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.browser = this.session('');
    socket.addEventListener('message', ({ data }) => this.#take(JSON.parse(String(data)) as Message));
    socket.addEventListener('close', () => {
      for (const { reject } of this.#pending.values()) reject(new Error('Chromium is gone'));
      this.#pending.clear();
    });
  }

  static async open(url: string): Promise<CdpConnection> {
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve());
      socket.addEventListener('error', () => reject(new Error(`no connection to Chromium at ${url}`)));
    });
    return new CdpConnection(socket);
  }

  session(sessionId: string): CdpSession {
    const known = this.#sessions.get(sessionId);
    if (known !== undefined) return known;
    const session = new CdpSession((method, params) => {
      const id = (this.#lastId += 1);
      const { promise, resolve, reject } = Promise.withResolvers<Params>();
      this.#pending.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId === '' ? {} : { sessionId }) }));
      return promise;
    });
    this.#sessions.set(sessionId, session);
    return session;
  }

  close(): void {
    this.#socket.close();
  }

  #take({ id, method, params = {}, result = {}, error, sessionId = '' }: Message): void {
    if (id === undefined) {
      this.#sessions.get(sessionId)?.emit(String(method), params);
      return;
    }
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) pending?.resolve(result);
    else pending?.reject(new Error(error.message));
  }
}
