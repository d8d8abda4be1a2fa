/**
 * What a drain of large sessions costs: peak memory, and how long the host's event loop keeps others waiting.
 *   node tests/bench/large.bench.ts [--json]; BENCH_LARGE_SESSIONS (200)
 * May import: tests/bench.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { inFreshFolder, runMeasured, serveSessions, sized, surroundings } from './bench-process.ts';
import { type Figure, giveReport } from './bench-report.ts';
import { settleDisk, writeBacklog } from './bench-sessions.ts';
import type { DrainResult } from './drain-bare.ts';

const sessions = sized('BENCH_LARGE_SESSIONS', 200);
const concurrency = 10;

const endpoint = await serveSessions();
// This process does nothing meanwhile: what its event loop is late is the machine's doing.
const idleLoop = monitorEventLoopDelay({ resolution: 5 });
const courier = await drainOnce('drain-courier', () => idleLoop.enable());
idleLoop.disable();
const bare = await drainOnce('drain-bare', () => {});
endpoint.stop();
giveReport({
  title: 'Drain of large sessions',
  setting: `${sessions} sessions of 1 MB, concurrency ${concurrency}; ${surroundings()}`,
  figures: [
    ...figuresOf('courier', courier),
    { what: 'courier: event loop late, p99', value: courier.eventLoopP99Ms, unit: 'ms', note: 'the sampling of 5 ms included' },
    { what: 'courier: event loop late, longest', value: courier.eventLoopMaxMs, unit: 'ms' },
    { what: 'an idle process meanwhile, p99', value: idleLoop.percentile(99) / 1e6, unit: 'ms' },
    ...figuresOf('bare node:http loop', bare),
    { what: 'rate: courier / node:http', value: bare.seconds / courier.seconds, unit: '' },
  ],
});

async function drainOnce(script: string, starting: () => void): Promise<DrainResult> {
  return inFreshFolder(async (dataDir) => {
    writeBacklog(dataDir, { count: sessions, bytes: 1024 * 1024 });
    settleDisk();
    starting();
    const result = await runMeasured<DrainResult>(script, { dataDir, url: endpoint.url, concurrency });
    const { distinct } = await endpoint.takeCounts();
    if (result.done !== sessions || distinct !== sessions) throw new Error(`${script}: ${distinct} of ${sessions} arrived`);
    return result;
  });
}

function figuresOf(who: string, { seconds, cpuSeconds, peakRssMb }: DrainResult): Figure[] {
  return [
    { what: `${who}: rate`, value: sessions / seconds, unit: '/s' },
    { what: `${who}: CPU per 1,000 sessions`, value: (cpuSeconds / sessions) * 1000, unit: 's' },
    { what: `${who}: peak memory`, value: peakRssMb, unit: 'MB' },
  ];
}
