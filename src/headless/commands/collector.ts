/**
 * `hl7-courier collector`: the reference endpoint as a process of its own.
 * May import: node, src/headless.
 */
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Starts the collector's program with Node as it runs here; it ends when this process does, however that ends. */
export function startCollectorProcess(args: readonly string[], stdio: StdioOptions): ChildProcess {
  const entry = import.meta.url.endsWith('.ts') ? '../../collector/main.ts' : '../collector/main.js';
  return spawn(process.execPath, [fileURLToPath(new URL(entry, import.meta.url)), ...args], { stdio });
}

/** @returns the collector's exit code. */
export async function collector(args: readonly string[]): Promise<number> {
  const child = startCollectorProcess(args, ['inherit', 'inherit', 'inherit', 'ipc']);
  // A terminal's ctrl-C reaches the child by itself; a service manager's signal reaches only us.
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGTERM', pass);
  process.on('SIGINT', pass);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
