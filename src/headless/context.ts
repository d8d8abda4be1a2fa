/**
 * What every command shares: where it writes, where the data lies, how it ends.
 * May import: node, src/common, src/service.
 */
import { resolve } from 'node:path';
import { defaultDataDir } from '../service/data-dir.ts';
import type { Environment } from '../service/delivery/proxy.ts';
import { makeLog, type ServiceLog } from '../service/log.ts';

export interface CommandContext {
  environment: Environment;
  /** Machine-readable answers, and nothing else. */
  stdout: NodeJS.WritableStream;
  /** Everything for people. */
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  version: string;
}

/** One sentence for the person at the terminal. */
export function say(context: CommandContext, sentence: string): void {
  context.stderr.write(`${sentence}\n`);
}

/** The one JSON object of `--json`. */
export function answer(context: CommandContext, object: object): void {
  context.stdout.write(`${JSON.stringify(object)}\n`);
}

/** The log of a command: plain English on stderr, from `level` on; the console has the rest. */
export function commandLog(context: CommandContext, level: 'info' | 'warn' = 'info'): ServiceLog {
  return makeLog({ level: 'info', streamLevel: level, stream: context.stderr, pretty: true });
}

/** `--data-dir`, or the place where programs of this system keep their data. */
export function dataDirOf(option: string | undefined, environment: Environment): string {
  if (option !== undefined) return resolve(option);
  return defaultDataDir(environment);
}

/** `1 session`, `2 sessions`. */
export function counted(count: number, thing: string): string {
  return `${count.toLocaleString('en')} ${thing}${count === 1 ? '' : 's'}`;
}

/**
 * Leaves SIGINT and SIGTERM to the commands alone. conf brings a listener along (when-exit) that answers a signal by
 * sending it to the process once more, which would be taken for the second one that ends it at once.
 */
export function ownStopSignals(): void {
  process.removeAllListeners('SIGINT');
  process.removeAllListeners('SIGTERM');
}

/**
 * Calls `onFirst` at the first SIGINT or SIGTERM; a second one ends the process at once, as the shell expects it.
 * @returns ends the listening.
 */
export function onStopSignal(onFirst: (signal: NodeJS.Signals) => void): () => void {
  let isAsked = false;
  const listener = (signal: NodeJS.Signals) => {
    if (isAsked) process.exit(signal === 'SIGINT' ? 130 : 143);
    isAsked = true;
    onFirst(signal);
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return () => {
    process.off('SIGINT', listener);
    process.off('SIGTERM', listener);
  };
}
