/**
 * Runs the benchmarks, one after the other, each in a process of its own.
 *   npm run bench [-- NAME...] [-- --json];  BENCH_SCALE=0.1 makes all of them small
 * With --json stdout carries one object: a report for each benchmark, or its lines where it gives none.
 * May import: node.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const extension = '.bench.ts';
const known = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(extension))
  .map((file) => file.slice(0, -extension.length))
  .sort();
const isJson = process.argv.includes('--json');
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const unknown = asked.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`There is no benchmark ${unknown.join(', ')}; there are ${known.join(', ')}.\n`);
  process.exit(2);
}

const reports: Record<string, unknown> = {};
for (const name of asked.length > 0 ? asked : known) {
  if (!isJson) process.stdout.write(`\n== ${name} ==\n`);
  const { status, stdout } = spawnSync(process.execPath, [join(import.meta.dirname, name + extension), ...argumentsOf(name)], {
    stdio: ['ignore', isJson ? 'pipe' : 'inherit', 'inherit'],
    encoding: 'utf8',
  });
  if (isJson) reports[name] = reportOf(stdout);
  if (status === 0) continue;
  process.stderr.write(`The benchmark ${name} failed.\n`);
  process.exitCode = 1;
}
if (isJson) process.stdout.write(`${JSON.stringify(reports, null, 2)}\n`);

/** The import takes the size of its capture file in MB. */
function argumentsOf(name: string): string[] {
  if (name !== 'import') return isJson ? ['--json'] : [];
  const scale = Number(process.env['BENCH_SCALE'] ?? 1);
  return [String(Math.max(1, Math.round(100 * (scale > 0 ? scale : 1))))];
}

function reportOf(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    return { lines: output.trim().split('\n') };
  }
}
