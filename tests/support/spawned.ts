/**
 * Processes of our own TypeScript files, and folders that go away after the test.
 * May import: node, vitest.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A fresh folder under the system's temporary directory. It may hold thousands of files: a slow disk must not block us. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hl7-courier-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts `node FILE ARGUMENTS`; killed after the test if it still runs. */
export function startNode(file: string, ...args: string[]): ChildProcess & { output: () => string } {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  onTestFinished(() => void child.kill('SIGKILL'));
  return Object.assign(child, { output: () => output });
}

/** Kills a process as a power cut would, and waits until it is gone. */
export async function killAtOnce(child: ChildProcess): Promise<void> {
  const gone = once(child, 'close');
  child.kill('SIGKILL');
  await gone;
}
