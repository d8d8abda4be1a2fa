/**
 * A host with the whole service, looking at a large folder; and once more through a file system that counts, because the
 * proof that an idle look reads nothing is that it opens nothing.
 * May import: src/service.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { makeLog } from '../../src/service/log.ts';
import { openService } from '../../src/service/service.ts';
import { nodeFileSystem } from '../../src/service/store/file-system.ts';
import { createReader } from '../../src/service/store/reader.ts';
import { cpuSecondsSince, giveResult, measuredInput, median } from './bench-process.ts';

export interface DiscoveryResult {
  queued: number;
  /** Sessions that the table holds. */
  found: number;
  firstSeconds: number;
  firstCpuSeconds: number;
  eventLoopP99Ms: number;
  eventLoopMaxMs: number;
  indexMb: number;
  /** Of the queue, in the host's thread. */
  queueHeapMb: number;
  /** Of the index, measured where it can be: by a reader in this thread. */
  indexHeapMb: number;
  peakRssMb: number;
  idleSeconds: number;
  idleCpuSeconds: number;
  filesReadWhenIdle: number;
  /** Files and folders opened by that look. */
  opensWhenIdle: number;
  searchMs: number;
  searchNothingMs: number;
}

const { dataDir } = measuredInput<{ dataDir: string }>();
const service = await openService({
  dataDir,
  command: 'serve',
  overrides: { logLevel: 'error' },
  environment: {},
  log: makeLog({ level: 'error', stream: process.stderr, pretty: true }),
  version: 'bench',
});
const { store } = service;
const memoryBefore = settledMemory();
const eventLoop = monitorEventLoopDelay({ resolution: 5 });
eventLoop.enable();
const first = await timed(() => store.discover());
eventLoop.disable();
const peakRssMb = process.resourceUsage().maxRSS / 1024;
const memoryAfter = settledMemory();
const { queue } = first.result;

const idles = [];
for (let cycle = 0; cycle < 5; cycle += 1) idles.push(await timed(() => store.discover()));
// What the sample ids end with, and what none holds.
const search = await searched('-000042');
const nothing = await searched('no such text');
const { total } = await store.getSessions({ limit: 1 });
await service.stop();
const counted = await countedLook();

giveResult({
  queued: queue.length,
  found: total,
  firstSeconds: first.seconds,
  firstCpuSeconds: first.cpuSeconds,
  eventLoopP99Ms: eventLoop.percentile(99) / 1e6,
  eventLoopMaxMs: eventLoop.max / 1e6,
  indexMb: memoryAfter.rssMb - memoryBefore.rssMb,
  queueHeapMb: memoryAfter.heapMb - memoryBefore.heapMb,
  idleSeconds: median(idles.map(({ seconds }) => seconds)),
  idleCpuSeconds: median(idles.map(({ cpuSeconds }) => cpuSeconds)),
  searchMs: search,
  searchNothingMs: nothing,
  ...counted,
  peakRssMb,
});

async function timed<Result>(work: () => Promise<Result>): Promise<{ result: Result; seconds: number; cpuSeconds: number }> {
  const [cpuBefore, startedAt] = [process.cpuUsage(), performance.now()];
  const result = await work();
  return { result, seconds: (performance.now() - startedAt) / 1000, cpuSeconds: cpuSecondsSince(cpuBefore) };
}

/** @returns ms. */
async function searched(text: string): Promise<number> {
  const tries = [];
  for (let time = 0; time < 9; time += 1) tries.push(await timed(() => store.getSessions({ filter: { text }, limit: 100 })));
  return median(tries.map(({ seconds }) => seconds)) * 1000;
}

/** Heap of this thread, RSS of all; garbage goes first where the host may ask for it. */
function settledMemory(): { rssMb: number; heapMb: number } {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { rssMb: rss / 1024 / 1024, heapMb: heapUsed / 1024 / 1024 };
}

async function countedLook(): Promise<Pick<DiscoveryResult, 'filesReadWhenIdle' | 'opensWhenIdle' | 'indexHeapMb'>> {
  let opens = 0;
  const openToRead = (path: string) => {
    opens += 1;
    return nodeFileSystem.openToRead(path);
  };
  const reader = createReader({ dataDir, fileSystem: { ...nodeFileSystem, openToRead } });
  const before = settledMemory();
  // The second look may read again what was written a moment before the first.
  await reader.scan({ now: Date.now() });
  await reader.scan({ now: Date.now() });
  const indexHeapMb = settledMemory().heapMb - before.heapMb;
  opens = 0;
  const { filesRead } = await reader.scan({ now: Date.now() });
  return { filesReadWhenIdle: filesRead, opensWhenIdle: opens, indexHeapMb };
}
