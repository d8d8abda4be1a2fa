/**
 * A typed call to a handler in another thread, or in this one (simulation): one promise a call, errors keep their code.
 *   threadLink: call -> postMessage -> handler (serveThread) -> postMessage -> promise
 * Calls and answers of one turn of the event loop travel in one message.
 * May import: node, src/common.
 */
import { type MessagePort, parentPort, type TransferListItem, Worker } from 'node:worker_threads';
import { CourierError, type ErrorCode } from '../../common/errors.ts';

/** What a handler offers: each call takes one value and answers one. */
// The parameter's type is known where a link is used; here any handler will do.
type Call = (params: never) => unknown;
export type Handler<Calls> = { [Name in keyof Calls]: Calls[Name] extends Call ? Calls[Name] : never };
type ParamsOf<C> = C extends (params: infer Params) => unknown ? Params : never;
type ResultOf<C> = C extends Call ? Awaited<ReturnType<C>> : never;

export interface Link<Calls> {
  /** @throws what the handler threw; a plain error when the thread died or was closed. */
  call<Name extends keyof Calls & string>(name: Name, params: ParamsOf<Calls[Name]>): Promise<ResultOf<Calls[Name]>>;
  /** The same without an answer: in order with the calls, and what the handler throws is lost. */
  tell<Name extends keyof Calls & string>(name: Name, params: ParamsOf<Calls[Name]>): void;
  close(): Promise<void>;
}

interface CallMessage {
  /** 0 when no answer is wanted. */
  number: number;
  name: string;
  params: unknown;
}
interface SentError {
  message: string;
  code?: string;
  isCourierError: boolean;
  cause?: SentError;
}
type AnswerMessage = { number: number } & ({ result: unknown } | { error: SentError });

/** Values of a result whose memory moves to the other thread instead of being copied. */
const transfers = new WeakMap<object, TransferListItem[]>();

/** Marks `result` so that the memory of `items` moves with it; they are empty here afterwards. */
export function withTransfer<Result extends object>(result: Result, items: TransferListItem[]): Result {
  transfers.set(result, items);
  return result;
}

/** The same handler without a thread: for simulation, and for a store that only reads. */
export function inlineLink<Calls>(handler: Handler<Calls>): Link<Calls> {
  const call: Link<Calls>['call'] = async (name, params) =>
    (await (handler[name] as (params: unknown) => unknown)(params)) as never;
  return { call, tell: (name, params) => void call(name, params).catch(() => {}), close: async () => {} };
}

/**
 * Starts a thread that serves calls.
 * @param url the thread's entry file, which calls `serveThread`.
 * @param onDied told once when the thread ends by itself; every call under way is rejected.
 */
export function threadLink<Calls>(
  url: URL,
  { name, workerData, onDied }: { name: string; workerData: unknown; onDied: (error: Error) => void },
): Link<Calls> {
  const worker = new Worker(url, { name, workerData });
  const pending = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  const post = batchedPost<CallMessage>(worker);
  let lastNumber = 0;
  let ended: Error | null = null;

  const end = (error: Error) => {
    if (ended !== null) return;
    ended = error;
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  };
  const die = (because: string, cause?: unknown) => {
    if (ended !== null) return;
    const error = new Error(`the thread "${name}" ended unexpectedly (${because}); restart the service`, { cause });
    end(error);
    onDied(error);
  };
  worker.on('message', (answers: AnswerMessage[]) => {
    for (const answer of answers) {
      const call = pending.get(answer.number);
      pending.delete(answer.number);
      if ('error' in answer) call?.reject(receivedError(answer.error));
      else call?.resolve(answer.result as never);
    }
  });
  worker.on('error', (error) => die('error', error));
  worker.on('exit', (code) => die(`exit code ${code}`));

  return {
    call: (callName, params) => {
      if (ended !== null) return Promise.reject(ended);
      return new Promise((resolve, reject) => {
        lastNumber += 1;
        pending.set(lastNumber, { resolve, reject });
        post({ number: lastNumber, name: callName, params }, []);
      });
    },
    tell: (callName, params) => {
      if (ended === null) post({ number: 0, name: callName, params }, []);
    },
    close: async () => {
      end(new Error(`the thread "${name}" was closed`));
      await worker.terminate();
    },
  };
}

/** The thread's side of `threadLink`. @param port where calls come from: the thread's parent. */
export function serveThread<Calls>(handler: Handler<Calls>, port: MessagePort = parentPort as MessagePort): void {
  const post = batchedPost<AnswerMessage>(port);
  const serve = async ({ number, name, params }: CallMessage) => {
    try {
      const result = await (handler[name as keyof Calls] as (params: unknown) => unknown)(params);
      if (number === 0) return;
      const moved = typeof result === 'object' && result !== null ? transfers.get(result) : undefined;
      post({ number, result }, moved ?? []);
    } catch (error) {
      if (number !== 0) post({ number, error: sentError(error) }, []);
    }
  };
  port.on('message', (calls: CallMessage[]) => {
    for (const call of calls) void serve(call);
  });
}

interface Port<Message> {
  postMessage(messages: Message[], transfer: TransferListItem[]): void;
}

function batchedPost<Message>(port: Port<Message>): (message: Message, transfer: TransferListItem[]) => void {
  let messages: Message[] = [];
  let moved: TransferListItem[] = [];
  return (message, transfer) => {
    messages.push(message);
    moved.push(...transfer);
    if (messages.length > 1) return;
    queueMicrotask(() => {
      const [sentMessages, sentMoved] = [messages, moved];
      messages = [];
      moved = [];
      port.postMessage(sentMessages, sentMoved);
    });
  };
}

/** Structured clone would drop `code` and the class: they are carried by hand. */
function sentError(error: unknown): SentError {
  if (!(error instanceof Error)) return { message: String(error), isCourierError: false };
  return {
    message: error.message,
    isCourierError: error instanceof CourierError,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    ...(error.cause === undefined ? {} : { cause: sentError(error.cause) }),
  };
}

function receivedError({ message, code, isCourierError, cause }: SentError): Error {
  const options = cause === undefined ? {} : { cause: receivedError(cause) };
  if (isCourierError) return new CourierError(code as ErrorCode, message, options);
  return Object.assign(new Error(message, options), code === undefined ? {} : { code });
}
