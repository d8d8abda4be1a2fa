/**
 * Drains a backlog with the least code that does the same for each session: read, parse, POST, durable write. A session
 * counts as done when its new file and the folder are on disk.
 *   listed -> read -> POST -> tmp, fsync, rename, fsync of the folder -> next
 * May import: node, got.
 */
import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rename } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { cpuSecondsSince, giveResult, measuredInput } from './bench-process.ts';

export interface DrainInput {
  dataDir: string;
  url: string;
  concurrency: number;
  /** Of the bare loop. */
  client?: 'node:http' | 'got';
}
export interface DrainResult {
  /** Accepted and on disk. */
  done: number;
  seconds: number;
  cpuSeconds: number;
  peakRssMb: number;
  eventLoopP99Ms: number;
  eventLoopMaxMs: number;
}
type Send = (id: string, body: string) => Promise<number>;
type Fields = Record<string, unknown>;

if (import.meta.main) await drain(measuredInput<DrainInput>());

async function drain({ dataDir, url, concurrency, client }: DrainInput): Promise<void> {
  const folder = join(dataDir, 'sessions');
  const send = client === 'got' ? await gotSend(url) : httpSend(url);
  const [cpuBefore, startedAt] = [process.cpuUsage(), performance.now()];
  const names = (await readdir(folder)).sort();
  let done = 0;
  const work = async () => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      await deliver(folder, name, send);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  giveResult({ done, seconds: (performance.now() - startedAt) / 1000, cpuSeconds: cpuSecondsSince(cpuBefore) });
}

async function deliver(folder: string, name: string, send: Send): Promise<void> {
  const session = JSON.parse(await readFile(join(folder, name), 'utf8')) as Fields;
  const { id, startTime, endTime, deviceIP, lisIP, messages } = session;
  const startedAt = Date.now();
  const httpStatus = await send(String(id), JSON.stringify({ sessionId: id, startTime, endTime, deviceIP, lisIP, messages }));
  if (httpStatus !== 201) throw new Error(`the endpoint answered ${httpStatus}`);
  const attempt = { attempt: 1, startedAt, durationMs: Date.now() - startedAt, outcome: 'accepted', httpStatus };
  Object.assign(session, {
    submissionStatus: 'submitted',
    submissionAttempts: 1,
    submittedAt: Date.now(),
    _saved_at: Date.now(),
  });
  session['submissionHistory'] = [attempt];
  await writeDurably(folder, name, JSON.stringify(session));
}

async function writeDurably(folder: string, name: string, content: string): Promise<void> {
  const tmp = join(folder, `.${name}.${randomBytes(6).toString('hex')}.tmp`);
  const file = await open(tmp, 'wx', 0o600);
  await file.writeFile(content);
  await file.sync();
  await file.close();
  await rename(tmp, join(folder, name));
  const directory = await open(folder, 'r');
  await directory.sync();
  await directory.close();
}

function httpSend(url: string): Send {
  const agent = new Agent({ keepAlive: true });
  return (id, body) =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'idempotency-key': id,
      };
      request(url, { method: 'POST', agent, headers }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
      })
        .once('error', reject)
        .end(body);
    });
}

async function gotSend(url: string): Promise<Send> {
  const { default: got } = await import('got');
  const client = got.extend({ agent: { http: new Agent({ keepAlive: true }) }, retry: { limit: 0 }, throwHttpErrors: false });
  return async (id, body) => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': id };
    return (await client.post(url, { body, headers })).statusCode;
  };
}
