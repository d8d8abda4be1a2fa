/**
 * Processes of the benchmarks: what is measured runs in one of its own, so that peak memory and CPU are its own; so does
 * the endpoint.
 *   benchmark -> runMeasured(script, input) -> { ...result, usage };  serveSessions -> endpoint-process.ts
 * May import: node.
 */
import { fork, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const scriptOf = (name: string) => join(import.meta.dirname, `${name}.ts`);

/** Runs `<script>.ts` with `input` as its argument, and answers what it gave to `giveResult`. @throws when it fails. */
export async function runMeasured<Result>(script: string, input: object, nodeArguments: readonly string[] = []): Promise<Result> {
  const child = spawn(process.execPath, [...nodeArguments, scriptOf(script), JSON.stringify(input)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = () => child.kill();
  process.once('exit', stop);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [output, exitCode] = await Promise.all([text(child.stdout), ended]);
  process.off('exit', stop);
  if (exitCode !== 0) throw new Error(`${script} ended with exit code ${exitCode}: ${output}`);
  return JSON.parse(output) as Result;
}

/** In the measured process: what it was asked to do. */
export const measuredInput = <Input>(): Input => JSON.parse(process.argv[2] ?? '{}') as Input;

/** In the measured process: its answer, the last thing it does. */
export function giveResult(result: object): void {
  process.stdout.write(JSON.stringify({ peakRssMb: process.resourceUsage().maxRSS / 1024, ...result }));
}

/** What the process used since `before`, in seconds of CPU over all its threads. */
export function cpuSecondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

export interface BenchEndpoint {
  url: string;
  /** Sessions it accepted since it was last asked, and how many of them it had not seen before. */
  takeCounts(): Promise<{ posts: number; distinct: number }>;
  stop(): void;
}

/** @param delayMs how long every answer takes. */
export async function serveSessions({ delayMs = 0 } = {}): Promise<BenchEndpoint> {
  const child = fork(scriptOf('endpoint-process'), [String(delayMs)]);
  const next = <Message>() => new Promise<Message>((resolve) => child.once('message', (message) => resolve(message as Message)));
  const { port } = await next<{ port: number }>();
  return {
    url: `http://127.0.0.1:${port}/sessions`,
    takeCounts: () => {
      child.send('counts');
      return next();
    },
    stop: () => void child.kill(),
  };
}

/** Calls `work` with an empty folder, which is gone afterwards, even when the benchmark is interrupted. */
export async function inFreshFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'hl7-courier-bench-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    return await work(folder);
  } finally {
    remove();
    process.off('exit', remove);
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** Where and on what the figures were measured. */
export function surroundings(): string {
  return `Node ${process.version}, ${cpus().length} processors, ${tmpdir()} on ${fileSystemName()}`;
}

const fileSystemNames: Record<number, string> = {
  0xef53: 'ext4',
  0x01021994: 'tmpfs (nothing is durable there, a sync costs nothing)',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x794c7630: 'overlayfs',
};

function fileSystemName(): string {
  const { type } = statfsSync(tmpdir());
  return fileSystemNames[type] ?? `a file system of type 0x${type.toString(16)}`;
}

/** A figure of the environment that shrinks a run, or what holds without it. */
export function sized(name: string, full: number): number {
  const given = Number(process.env[name]);
  if (Number.isFinite(given) && given > 0) return Math.round(given);
  const scale = Number(process.env['BENCH_SCALE'] ?? 1);
  return Math.max(10, Math.round(full * (scale > 0 ? scale : 1)));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
