/**
 * The rest of a body that is refused for its size is read and dropped, within bounds: a connection that is closed while
 * the other end still sends is reset, and the reset destroys the answer on its way.
 * May import: node.
 */
import type { IncomingMessage } from 'node:http';

const drainMsMax = 5_000;
const drainBytesMax = 256 * 1024 * 1024;

/** Fulfilled when the request has ended, broke, or went on for too long. */
export function drained(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    let left = drainBytesMax;
    const timer = setTimeout(finish, drainMsMax);
    function drop(chunk: Buffer): void {
      left -= chunk.length;
      if (left < 0) finish();
    }
    function finish(): void {
      clearTimeout(timer);
      for (const event of ['end', 'close', 'error'] as const) request.off(event, finish);
      request.off('data', drop);
      request.pause();
      resolve();
    }
    for (const event of ['end', 'close', 'error'] as const) request.on(event, finish);
    request.on('data', drop);
    request.resume();
  });
}
