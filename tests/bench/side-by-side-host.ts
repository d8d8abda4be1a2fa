/**
 * A host with the whole service at full work: it drains, captures and cleans up at once, and says what became of it.
 *   device-process.ts -> dumpcap (or made-up packets) -> capture -> store;  backlog -> endpoint;  expired -> trash
 * May import: src/common, src/service, tests/support.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { SessionFile } from '../../src/common/session.ts';
import { CapturePipeline } from '../../src/service/capture/capture-pipeline.ts';
import { captureReader } from '../../src/service/capture/pcap-reader.ts';
import { chanceId } from '../../src/service/capture/session-id.ts';
import { makeLog } from '../../src/service/log.ts';
import { openService, type Service } from '../../src/service/service.ts';
import { connection, defaultEnds, pcapBytes } from '../support/capture-writer.ts';
import { cpuSecondsSince, giveResult, measuredInput } from './bench-process.ts';
import { messageNamed } from './bench-sessions.ts';

export interface SideBySideInput {
  dataDir: string;
  url: string;
  concurrency: number;
  backlog: number;
  messages: number;
  perSecond: number;
  expired: number;
  /** Empty: packets are made up and fed to the capture pipeline, without the capture tool. */
  captureInterface: string;
}
export interface SideBySideResult {
  delivered: number;
  drainSeconds: number;
  captured: number;
  /** From the last byte of a session to its file being durable, ms. */
  latenciesMs: number[];
  movedToTrash: number;
  cleanupSeconds: number;
  seconds: number;
  cpuSeconds: number;
  peakRssMb: number;
  eventLoopP99Ms: number;
  eventLoopMaxMs: number;
}

/** How long what is still missing is waited for. */
const patienceMs = 120_000;

const input = measuredInput<SideBySideInput>();
const devices = fork(join(import.meta.dirname, 'device-process.ts'));
const { port } = await told<{ port: number }>(devices);
const service = await openService({
  dataDir: input.dataDir,
  command: 'serve',
  overrides: {
    submissionEndpoint: input.url,
    submissionConcurrency: input.concurrency,
    captureInterface: input.captureInterface,
    capturePorts: [port],
    logLevel: 'error',
  },
  environment: {},
  log: makeLog({ level: 'error', stream: process.stderr, pretty: true }),
  version: 'bench',
});
const captured = watchCaptured(service);
const delivered = new Set<string>();
const [cpuBefore, startedAt] = [process.cpuUsage(), performance.now()];
const since = () => (performance.now() - startedAt) / 1000;
const ends = { drainSeconds: 0, cleanupSeconds: 0, movedToTrash: 0 };
service.api.subscribe(({ name, payload }) => {
  if (name === 'onSubmissionResult' && payload.success && payload.sessionId.startsWith('bench-')) {
    delivered.add(payload.sessionId);
    if (delivered.size === input.backlog) ends.drainSeconds = since();
  }
  if (name === 'onCleanupSummary') Object.assign(ends, { cleanupSeconds: since(), movedToTrash: payload.filesDeleted });
});

const eventLoop = monitorEventLoopDelay({ resolution: 5 });
eventLoop.enable();
await service.start();
await service.api.request('runCleanupNow', { dryRun: false });
if (input.captureInterface === '') await feedPackets(service, input);
else await feedWire(service, devices, input);
await until(() => ends.drainSeconds > 0 && ends.cleanupSeconds > 0 && captured.controlIds.size >= input.messages);
eventLoop.disable();
const seconds = since();
const cpuSeconds = cpuSecondsSince(cpuBefore);
await service.stop();
devices.kill();
giveResult({
  ...ends,
  delivered: delivered.size,
  captured: captured.controlIds.size,
  latenciesMs: captured.latenciesMs,
  seconds,
  cpuSeconds,
  eventLoopP99Ms: eventLoop.percentile(99) / 1e6,
  eventLoopMaxMs: eventLoop.max / 1e6,
});

/** Every captured session passes the store's `add`; it is durable when that resolves. */
function watchCaptured({ store }: Service): { controlIds: Set<string>; latenciesMs: number[] } {
  const seen = { controlIds: new Set<string>(), latenciesMs: [] as number[] };
  const add = store.add.bind(store);
  store.add = async (session: SessionFile) => {
    const answer = await add(session);
    seen.latenciesMs.push(Date.now() - session.endTime);
    for (const message of session.messages) seen.controlIds.add(message.split('|', 10)[9] ?? '');
    return answer;
  };
  return seen;
}

async function feedWire({ api }: Service, wire: ChildProcess, { messages, perSecond }: SideBySideInput): Promise<void> {
  let state = '';
  await until(async () => {
    state = (await api.request('getStatus', {})).capture?.state ?? '';
    return state === 'capturing';
  });
  if (state !== 'capturing') throw new Error(`the capture did not start: it is ${state}`);
  wire.send({ messages, perSecond });
  await told(wire);
}

async function feedPackets({ store, settings }: Service, { messages, perSecond }: SideBySideInput): Promise<void> {
  let counter = 0;
  const pipeline = new CapturePipeline({
    settings: settings.current(),
    stamp: { idOf: (startTime) => chanceId(startTime, Math.random), nextCounter: () => (counter += 1), now: Date.now },
    onSession: (session) => void store.add(session),
    onGap: () => {},
  });
  const reader = captureReader(pipeline.packet);
  reader.push(pcapBytes([]));
  const fileHeadBytes = 24;
  for (let number = 0; number < messages; number += 1) {
    const wire = connection({ ...defaultEnds, devicePort: 20_000 + (number % 40_000), lisPort: port }, { atMs: Date.now() });
    wire.open();
    wire.send('device', Buffer.from(`\u000b${messageNamed(`live${number}`, 1500)}\u001c\r`));
    wire.send(
      'lis',
      Buffer.from(`\u000bMSH|^~\\&|LIS|HOSP|XN|LAB|20260101||ACK|live${number}|P|2.5.1\rMSA|AA|live${number}\r\u001c\r`),
    );
    wire.close();
    reader.push(pcapBytes(wire.packets()).subarray(fileHeadBytes));
    await pause(1000 / perSecond);
  }
}

function told<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve) => child.once('message', (message) => resolve(message as Message)));
}

/** What never comes is seen in the figures. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await isSo()) && Date.now() < deadline) await pause(50);
}
