/** Whether this machine can capture for real, and why not if it cannot. */
import { spawnSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { toolProgram } from '../../src/service/capture/capture-tool.ts';

/** The loopback interface's name here. */
export const loopback =
  Object.entries(networkInterfaces()).find(([, entries]) => entries?.some(({ internal }) => internal))?.[0] ?? 'lo';

/** Null when live tests can run, else the reason, which is printed. */
export function whyNoLiveCapture(): string | null {
  const result = spawnSync(
    toolProgram(process.platform),
    ['-q', '-P', '-w', '-', '-i', loopback, '-f', 'tcp port 1', '-a', 'duration:1'],
    {
      timeout: 20_000,
      // What is captured does not matter here, and could be more than a buffer holds.
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  if (result.error !== undefined) return `dumpcap cannot be started (${result.error.message})`;
  if (result.status !== 0) return `dumpcap may not capture on ${loopback}: ${result.stderr.toString().split('\n')[1] ?? ''}`;
  return null;
}

/** Null when tshark can be asked, else the reason. */
export function whyNoTshark(): string | null {
  const result = spawnSync('tshark', ['--version'], { timeout: 20_000 });
  return result.error === undefined && result.status === 0 ? null : 'tshark is not installed';
}
