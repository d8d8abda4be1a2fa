/**
 * The collector as a real process, for tests.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

export interface CollectorProcess {
  url: string;
  endpoint: string;
  pid: number;
  /** All it said on stderr so far. */
  said(): string;
  /** Ends it with the signal, and waits; answers its exit code, or null when the signal killed it. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

const main = resolve(import.meta.dirname, '../../src/collector/main.ts');

/** Starts it and waits until it listens. */
export async function startCollectorProcess(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<CollectorProcess> {
  const child = spawn(process.execPath, [main, '--port', '0', '--json', ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text)),
    exited.then(([code]) => Promise.reject(new Error(`the collector exited with ${code}: ${said}`))),
  ]);
  const { url, endpoint, pid } = JSON.parse(line) as { url: string; endpoint: string; pid: number };
  return {
    url,
    endpoint,
    pid,
    said: () => said,
    end: async (signal = 'SIGTERM') => {
      child.kill(signal);
      const [code] = await exited;
      return code;
    },
  };
}

/** Runs it to its end; for flags that keep it from starting. */
export async function runCollectorProcess(
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}
