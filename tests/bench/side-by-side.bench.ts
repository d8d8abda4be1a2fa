/**
 * Everything at once: a drain of 1,000 sessions of 1 MB, a live capture of 1,000 messages and a clean-up of 20,000 files.
 * Nothing may be lost, and none may hold up the others; then twice half as large, with an endpoint that answers at once and
 * with one that is slow, to see whether the capture waits for it.
 *   node tests/bench/side-by-side.bench.ts [--json]; BENCH_LARGE_SESSIONS (1,000), BENCH_MESSAGES (1,000), BENCH_EXPIRED
 *   (20,000)
 * May import: tests/bench, tests/support.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { loopback, whyNoLiveCapture } from '../support/dumpcap.ts';
import { inFreshFolder, runMeasured, serveSessions, sized, surroundings } from './bench-process.ts';
import { type Figure, giveReport, tellProgress } from './bench-report.ts';
import { settleDisk, writeBacklog } from './bench-sessions.ts';
import type { SideBySideInput, SideBySideResult } from './side-by-side-host.ts';

const full = {
  backlog: sized('BENCH_LARGE_SESSIONS', 1000),
  messages: sized('BENCH_MESSAGES', 1000),
  expired: sized('BENCH_EXPIRED', 20_000),
};
const half = { backlog: halfOf(full.backlog), messages: halfOf(full.messages), expired: halfOf(full.expired) };
const slowMs = 300;
const whyNot = whyNoLiveCapture();
const captureInterface = whyNot === null ? loopback : '';

// The two halves differ in the endpoint alone.
const figures = [
  ...(await figuresOf('', 0, full)),
  ...(await figuresOf('half, answers at once: ', 0, half)),
  ...(await figuresOf(`half, answers after ${slowMs} ms: `, slowMs, half)),
];
giveReport({
  title: 'Side by side',
  setting:
    `${full.backlog} sessions of 1 MB at concurrency 10, ${full.messages} messages ` +
    `${whyNot === null ? 'captured live' : `as packets into the capture pipeline (${whyNot})`}, ` +
    `${full.expired} files to clean up; ${surroundings()}`,
  figures,
});

async function figuresOf(when: string, delayMs: number, work: typeof full): Promise<Figure[]> {
  const endpoint = await serveSessions({ delayMs });
  const idleLoop = monitorEventLoopDelay({ resolution: 5 });
  const result = await inFreshFolder(async (dataDir) => {
    tellProgress(`${when}the folder is filled`);
    writeBacklog(dataDir, { count: work.backlog, bytes: 1024 * 1024 });
    writeBacklog(dataDir, { count: work.expired, bytes: 2048, prefix: 'old', standing: 'expired' });
    settleDisk();
    tellProgress(`${when}drain, capture and clean-up run`);
    idleLoop.enable();
    const input: SideBySideInput = { dataDir, url: endpoint.url, concurrency: 10, perSecond: 50, captureInterface, ...work };
    return runMeasured<SideBySideResult>('side-by-side-host', input);
  });
  idleLoop.disable();
  const { posts, distinct } = await endpoint.takeCounts();
  endpoint.stop();
  const lost = work.backlog - result.delivered + (work.messages - result.captured) + (work.expired - result.movedToTrash);
  const latencies = result.latenciesMs.toSorted((a, b) => a - b);
  const latencyAt = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Infinity;
  return [
    { what: `${when}lost`, value: lost, unit: '', note: 'not delivered, not captured or not cleaned up' },
    { what: `${when}sent more than once`, value: posts - distinct, unit: '' },
    { what: `${when}event loop late, p99`, value: result.eventLoopP99Ms, unit: 'ms', note: 'the sampling of 5 ms included' },
    { what: `${when}event loop late, longest`, value: result.eventLoopMaxMs, unit: 'ms' },
    { what: `${when}an idle process meanwhile, p99`, value: idleLoop.percentile(99) / 1e6, unit: 'ms' },
    { what: `${when}last byte to durable file, median`, value: latencyAt(0.5), unit: 'ms' },
    { what: `${when}last byte to durable file, p99`, value: latencyAt(0.99), unit: 'ms' },
    { what: `${when}last byte to durable file, longest`, value: latencyAt(1), unit: 'ms' },
    { what: `${when}drain`, value: result.drainSeconds, unit: 's' },
    { what: `${when}clean-up`, value: result.cleanupSeconds, unit: 's' },
    { what: `${when}all`, value: result.seconds, unit: 's', note: `CPU ${result.cpuSeconds.toFixed(1)} s` },
    { what: `${when}peak memory`, value: result.peakRssMb, unit: 'MB' },
  ];
}

function halfOf(count: number): number {
  return Math.max(1, Math.floor(count / 2));
}
