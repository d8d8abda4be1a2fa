/**
 * `GET /api/events`: everything that happens, as server-sent events, to any number of consoles.
 *   CourierApi.subscribe -> EventQueue (one a console) -> socket, as fast as that console reads
 * Written here and not with @fastify/sse, which awaits each write: what matters is what happens to a reader that is
 * slower than the events, and that is ours to decide (coalesce, never drop a result, let go of the hopeless).
 * May import: node, src/common.
 */
import type { ServerResponse } from 'node:http';
import type { CourierApi, CourierEvent } from '../../common/contract.ts';
import { EventQueue, eventText } from './event-queue.ts';

export interface EventStreamOptions {
  api: Pick<CourierApi, 'subscribe'>;
  /** A comment line that keeps proxies and the operating system from giving up a quiet connection. */
  heartbeatMs: number;
  /** A console that is further behind is let go; it connects again by itself and gets the current state. */
  behindBytesMax: number;
  /** Told when a console was let go. */
  onLetGo: () => void;
}

export interface EventStreams {
  /** Takes the response over until the console leaves or the service ends. */
  open(response: ServerResponse): void;
  readonly count: number;
  /** Ends all streams. */
  close(): void;
}

export function eventStreams({ api, heartbeatMs, behindBytesMax, onLetGo }: EventStreamOptions): EventStreams {
  const streams = new Set<() => void>();
  // All consoles are told of the same event object, so it is put in words once.
  const texts = new WeakMap<CourierEvent, string>();
  const textOf = (event: CourierEvent): string => {
    const text = texts.get(event) ?? eventText(event);
    texts.set(event, text);
    return text;
  };

  function open(response: ServerResponse): void {
    const queue = new EventQueue();
    let isReady = true;
    const write = (text: string) => {
      isReady = response.write(text);
    };
    const flush = () => {
      for (let text = isReady ? queue.take() : null; text !== null; text = isReady ? queue.take() : null) write(text);
    };
    const tell = (event: CourierEvent) => {
      queue.push(event, textOf(event));
      flush();
      if (queue.bytes + response.writableLength <= behindBytesMax) return;
      onLetGo();
      response.destroy();
      leave();
    };
    const leave = () => {
      if (!streams.delete(end)) return;
      clearInterval(heartbeat);
      unsubscribe();
    };
    const end = () => {
      leave();
      for (let text = queue.take(); text !== null; text = queue.take()) response.write(text);
      response.end();
    };
    response.on('close', leave).on('error', leave);
    response.on('drain', () => {
      isReady = true;
      flush();
    });
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
    write('retry: 2000\n\n');
    const heartbeat = setInterval(() => isReady && write(': still here\n\n'), heartbeatMs);
    streams.add(end);
    let unsubscribe = (): void => {};
    unsubscribe = api.subscribe(tell);
    // Told too much at once, it was let go before there was anything to unsubscribe.
    if (!streams.has(end)) unsubscribe();
  }

  return {
    open,
    get count() {
      return streams.size;
    },
    close: () => {
      for (const end of streams) end();
    },
  };
}
