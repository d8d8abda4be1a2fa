/**
 * How fast a backlog is drained, beside a bare loop over node:http and one over got that do the same for each session.
 * One after the other on fresh copies of the same backlog, three rounds; what counts is the ratio within a round.
 *   node tests/bench/drain.bench.ts [--json]; BENCH_SESSIONS (2,000), BENCH_ROUNDS (3)
 * May import: tests/bench.
 */
import { type BenchEndpoint, inFreshFolder, median, runMeasured, serveSessions, sized, surroundings } from './bench-process.ts';
import { type Figure, giveReport, tellProgress } from './bench-report.ts';
import { settleDisk, writeBacklog } from './bench-sessions.ts';
import type { DrainResult } from './drain-bare.ts';

const contenders = ['courier', 'node:http', 'got'] as const;
type Contender = (typeof contenders)[number];
type Round = Record<Contender, DrainResult>;

const sessions = sized('BENCH_SESSIONS', 2000);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const bytes = 8 * 1024;

const endpoint = await serveSessions();
const figures: Figure[] = [];
for (const concurrency of [2, 10]) {
  const runs: Round[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const run: Partial<Round> = {};
    for (const contender of contenders) run[contender] = await drainOnce(contender, concurrency, endpoint);
    runs.push(run as Round);
    const rates = contenders.map((contender) => `${contender} ${rateOf(run as Round, contender).toFixed(0)}/s`);
    tellProgress(`concurrency ${concurrency}, round ${round} of ${rounds}: ${rates.join(', ')}`);
  }
  figures.push(...figuresOf(runs, concurrency));
}
endpoint.stop();
giveReport({
  title: 'Drain of a backlog',
  setting: `${sessions} sessions of 8 KB, ${rounds} rounds, medians; ${surroundings()}`,
  figures,
});

async function drainOnce(contender: Contender, concurrency: number, { url, takeCounts }: BenchEndpoint): Promise<DrainResult> {
  return inFreshFolder(async (dataDir) => {
    writeBacklog(dataDir, { count: sessions, bytes });
    settleDisk();
    const script = contender === 'courier' ? 'drain-courier' : 'drain-bare';
    const result = await runMeasured<DrainResult>(script, { dataDir, url, concurrency, client: contender });
    const { posts, distinct } = await takeCounts();
    if (result.done !== sessions || posts !== sessions || distinct !== sessions)
      throw new Error(`${contender}: of ${sessions} sessions ${result.done} are done, ${posts} POSTs for ${distinct} arrived`);
    return result;
  });
}

function rateOf(round: Round, contender: Contender): number {
  return round[contender].done / round[contender].seconds;
}

function figuresOf(runs: readonly Round[], concurrency: number): Figure[] {
  const what = (text: string) => `concurrency ${concurrency}, ${text}`;
  const ratioOf = (figure: string, all: readonly number[]) => {
    const note = all.map((ratio) => ratio.toFixed(2)).join(' ');
    return { what: what(figure), value: median(all), unit: '', note: `rounds: ${note}` };
  };
  const ratios = (['node:http', 'got'] as const).flatMap((other) => [
    ratioOf(
      `rate: courier / ${other}`,
      runs.map((round) => rateOf(round, 'courier') / rateOf(round, other)),
    ),
    // Where others use the same processors, this says more than the rate.
    ratioOf(
      `CPU: courier / ${other}`,
      runs.map((round) => round.courier.cpuSeconds / round[other].cpuSeconds),
    ),
  ]);
  const each = contenders.flatMap((contender) => [
    { what: what(`${contender}: rate`), value: Math.round(median(runs.map((round) => rateOf(round, contender)))), unit: '/s' },
    {
      what: what(`${contender}: CPU per 1,000 sessions`),
      value: median(runs.map((round) => (round[contender].cpuSeconds / sessions) * 1000)),
      unit: 's',
    },
    { what: what(`${contender}: peak memory`), value: median(runs.map((round) => round[contender].peakRssMb)), unit: 'MB' },
  ]);
  return [...ratios, ...each];
}
