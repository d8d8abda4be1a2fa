/**
 * The endpoint of the benchmarks: reads each body to its end and answers 201, and knows which sessions it has seen.
 *   node endpoint-process.ts DELAY_MS; sends { port }, answers "counts"
 * May import: node.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const delayMs = Number(process.argv[2] ?? 0);
const seen = new Set<string>();
let posts = 0;
let distinct = 0;

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const answer = () => {
    posts += 1;
    const id = String(request.headers['idempotency-key']);
    if (!seen.has(id)) distinct += 1;
    seen.add(id);
    response.writeHead(201, { 'content-type': 'application/json' }).end('{"accepted":true}');
  };
  request.resume().once('end', () => {
    if (delayMs === 0) answer();
    else setTimeout(answer, delayMs);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));

process.on('message', () => {
  process.send?.({ posts, distinct });
  [posts, distinct] = [0, 0];
  seen.clear();
});
process.on('disconnect', () => process.exit());
