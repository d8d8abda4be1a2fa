/**
 * A folder of 100,000 sessions: the first look at it, a cycle with nothing to do, the memory it takes, a search in it.
 *   node tests/bench/discovery.bench.ts [--json]; BENCH_FILES (100,000)
 * May import: tests/bench.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { inFreshFolder, runMeasured, sized, surroundings } from './bench-process.ts';
import { type Figure, giveReport, tellProgress } from './bench-report.ts';
import { writeBacklog } from './bench-sessions.ts';
import type { DiscoveryResult } from './discovery-host.ts';

const files = sized('BENCH_FILES', 100_000);
const bytes = 1024;

// This process does nothing meanwhile: what its event loop is late is the machine's doing.
const idleLoop = monitorEventLoopDelay({ resolution: 5 });
const pending = await lookAt('pending');
const submitted = await lookAt('submitted');
if (pending.queued !== files || submitted.queued !== 0 || pending.found !== files)
  throw new Error(`of ${files} files ${pending.queued} were queued, ${pending.found} found`);
if (submitted.filesReadWhenIdle !== 0 || submitted.opensWhenIdle !== 0)
  throw new Error(`a look with nothing new read ${submitted.filesReadWhenIdle} files`);
giveReport({
  title: 'Discovery',
  setting: `${files} files of ${bytes / 1024} KB; ${surroundings()}`,
  figures: [
    { what: 'an idle process meanwhile: event loop late, p99', value: idleLoop.percentile(99) / 1e6, unit: 'ms' },
    ...firstLook('all pending', pending),
    { what: 'all pending: memory of index and queue', value: pending.indexMb, unit: 'MB', note: 'RSS above the empty service' },
    { what: 'all pending: heap of the index', value: pending.indexHeapMb, unit: 'MB' },
    { what: 'all pending: heap of the queue', value: pending.queueHeapMb, unit: 'MB' },
    { what: 'all pending: peak memory', value: pending.peakRssMb, unit: 'MB' },
    ...firstLook('all submitted', submitted),
    { what: 'all submitted: idle cycle', value: submitted.idleSeconds, unit: 's', note: 'median of 5' },
    { what: 'all submitted: idle cycle, CPU', value: submitted.idleCpuSeconds, unit: 's' },
    { what: 'all submitted: files read by an idle cycle', value: submitted.filesReadWhenIdle, unit: '' },
    { what: 'all submitted: text search, first page', value: submitted.searchMs, unit: 'ms', note: 'median of 9' },
    { what: 'all submitted: text search, nothing found', value: submitted.searchNothingMs, unit: 'ms', note: 'median of 9' },
  ],
});

async function lookAt(standing: 'pending' | 'submitted'): Promise<DiscoveryResult> {
  return inFreshFolder(async (dataDir) => {
    tellProgress(`${files} files, all ${standing}, are written`);
    writeBacklog(dataDir, { count: files, bytes, standing });
    idleLoop.enable();
    const result = await runMeasured<DiscoveryResult>('discovery-host', { dataDir }, ['--expose-gc']);
    idleLoop.disable();
    return result;
  });
}

function firstLook(which: string, { firstSeconds, firstCpuSeconds, eventLoopP99Ms, eventLoopMaxMs }: DiscoveryResult): Figure[] {
  return [
    { what: `${which}: first look`, value: firstSeconds, unit: 's' },
    { what: `${which}: first look, CPU`, value: firstCpuSeconds, unit: 's' },
    { what: `${which}: event loop late, p99`, value: eventLoopP99Ms, unit: 'ms', note: 'the sampling of 5 ms included' },
    { what: `${which}: event loop late, longest`, value: eventLoopMaxMs, unit: 'ms' },
  ];
}
