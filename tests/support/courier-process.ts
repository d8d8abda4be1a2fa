/**
 * The command line as a real process, for tests: one that runs to its end, or one that is watched and signalled.
 * May import: node.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}
export interface CourierProcess {
  pid: number;
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  /** Settles when the process is gone and its output is read. */
  ended: Promise<Ended>;
  signal(signal: NodeJS.Signals): void;
}
export interface ServiceFile {
  pid: number;
  url: string;
  token: string;
  startedAt: number;
}

/** Windows has no signals that a process could answer, so what is about them cannot be tried there. */
export const hasNoSignals = process.platform === 'win32';
if (hasNoSignals) process.stderr.write('Tests of signals are skipped: Windows has none that a process could answer.\n');

export const courierEntry = resolve(import.meta.dirname, '../../src/headless/bin.mjs');

/** Compiled code is kept between the many processes of a test run: half of a short command's time is compiling. */
const compileCache = join(tmpdir(), 'hl7-courier-test-compile-cache');

/** The environment of the test, without what would change the courier's way: proxies and a header of the developer's own. */
export function plainEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/proxy|^HL7_|^VITEST|^NODE_OPTIONS$|^XDG_/i.test(name));
  return { ...Object.fromEntries(kept), NODE_COMPILE_CACHE: compileCache, ...more };
}

/** Starts one command. */
export function startCourier(args: readonly string[], environment: NodeJS.ProcessEnv = {}): CourierProcess {
  const child = spawn(process.execPath, [courierEntry, ...args], {
    env: plainEnvironment(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    ...output,
  }));
  return {
    pid: child.pid ?? 0,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    ended,
    signal: (signal) => void child.kill(signal),
  };
}

export const runCourier = (args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  startCourier(args, environment).ended;

export interface SubmitResult {
  submitted: number;
  failed: number;
  deferred: number;
  pending: number;
  durationMs: number;
  circuit: { state: string; reason?: string };
}

/**
 * `--set` for every setting given; the jitter is off and the waits are those of the design. An answer that a test holds
 * back is waited for, however slow the machine is.
 */
export const setOptions = (settings: Record<string, unknown>): string[] =>
  Object.entries({ submissionBackoffJitter: 0, submissionTimeoutSeconds: 300, ...settings }).flatMap(([key, value]) => [
    '--set',
    `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  ]);

/** `submit --json` to its end; stdout must be exactly one JSON object on one line. */
export async function submitJson(
  dataDir: string,
  settings: Record<string, unknown>,
  environment: NodeJS.ProcessEnv = {},
): Promise<Ended & { result: SubmitResult }> {
  const ended = await runCourier(['submit', '--data-dir', dataDir, '--json', ...setOptions(settings)], environment);
  return { ...ended, result: oneObject(ended) as SubmitResult };
}

export function oneObject({ stdout, stderr, code }: Ended): unknown {
  const lines = stdout.split('\n');
  if (lines.length !== 2 || lines[1] !== '')
    throw new Error(`stdout is not one line of JSON (exit ${code}): ${JSON.stringify(stdout)}\n${stderr}`);
  return JSON.parse(lines[0] ?? '');
}

/** Waits until `condition` gives something; the limit is generous, for a loaded machine. */
export async function until<Value>(
  what: string,
  condition: () => Value | Promise<Value>,
  limitMs = 60_000,
): Promise<Exclude<Value, undefined | null | false>> {
  const endAt = performance.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value as Exclude<Value, undefined | null | false>;
    if (performance.now() > endAt) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

export interface RunningService extends CourierProcess {
  file: ServiceFile;
  /** One request of the contract, with the token. */
  api<Answer = Record<string, unknown>>(name: string, payload?: unknown): Promise<{ status: number; body: Answer; text: string }>;
  /** Asks it to end and waits. */
  stop(): Promise<Ended>;
}

/** `serve` on a free port, once its service.json is there. */
export async function startService(
  dataDir: string,
  args: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): Promise<RunningService> {
  const courier = startCourier(['serve', '--data-dir', dataDir, '--port', '0', ...args], environment);
  let hasEnded = false;
  void courier.ended.then(() => (hasEnded = true));
  const path = join(dataDir, 'service.json');
  const file = await until('service.json is written', () => {
    if (hasEnded) throw new Error(`serve ended: ${courier.stderr()}`);
    if (!existsSync(path)) return null;
    const found = JSON.parse(readFileSync(path, 'utf8')) as ServiceFile;
    return found.pid === courier.pid ? found : null;
  });
  return {
    ...courier,
    file,
    api: async (name, payload = {}) => {
      const response = await fetch(`${file.url}/api/${name}`, {
        method: 'POST',
        // A connection of its own: one that was kept may be given up by the service the moment it is used again.
        headers: { authorization: `Bearer ${file.token}`, 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify(payload),
      });
      const text = await response.text();
      return { status: response.status, body: JSON.parse(text), text };
    },
    stop: async () => {
      courier.signal('SIGTERM');
      return courier.ended;
    },
  };
}
