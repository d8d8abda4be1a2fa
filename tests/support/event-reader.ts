/**
 * Reads the server-sent events of a running service, as a script or a browser would.
 * May import: node.
 */
import { type onTestFinished } from 'vitest';
import { type RunningService, until } from './courier-process.ts';

export interface HeardEvent {
  name: string;
  payload: Record<string, unknown>;
}
export interface EventReader {
  heard: HeardEvent[];
  /** All bytes that came, for a look at what must not be in them. */
  raw(): string;
  /** Waits for an event that fits. */
  next(what: string, fits: (event: HeardEvent) => boolean): Promise<HeardEvent>;
}

export async function readEvents(service: RunningService, finished: typeof onTestFinished): Promise<EventReader> {
  const ending = new AbortController();
  finished(() => ending.abort());
  const response = await fetch(`${service.file.url}/api/events`, {
    headers: { authorization: `Bearer ${service.file.token}`, accept: 'text/event-stream' },
    signal: ending.signal,
  });
  if (response.status !== 200 || response.body === null) throw new Error(`events: HTTP ${response.status}`);
  const heard: HeardEvent[] = [];
  let raw = '';
  const read = async (body: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of body) {
      const text = decoder.decode(chunk, { stream: true });
      raw += text;
      const blocks = (rest + text).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const name = /^event: ?(.*)$/m.exec(block)?.[1];
        const data = /^data: ?(.*)$/m.exec(block)?.[1];
        if (name !== undefined && data !== undefined) heard.push({ name, payload: JSON.parse(data) });
      }
    }
  };
  read(response.body).catch(() => {}); // Ends with the service, or with the test.
  return {
    heard,
    raw: () => raw,
    next: (what, fits) => until(`an event says that ${what}`, () => heard.find(fits)),
  };
}
