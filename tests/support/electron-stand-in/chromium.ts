/**
 * The Chromium that stands in for Electron's own: started at the first need, one for the process.
 * May import: tests/support, node.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { packedChromiumPath } from '../packed-chromium.ts';
import { CdpConnection } from './cdp.ts';

const flags = [
  '--remote-debugging-port=0',
  '--no-startup-window',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
];

/** What the application asked for before it was ready. */
const ownFlags: string[] = [];
export const appendFlag = (name: string, value = ''): void =>
  void ownFlags.push(value === '' ? `--${name}` : `--${name}=${value}`);

export interface RunningChromium {
  connection: CdpConnection;
  /** Where others can connect too. */
  address: string;
  process: ChildProcess;
}

let running: Promise<RunningChromium> | null = null;
let started: ChildProcess | null = null;

/** @param profile its user data, so that what pages store survives a restart. */
export function chromium(profile: string): Promise<RunningChromium> {
  return (running ??= start(profile));
}

/** Ends it at once; for the end of the process. */
export function endChromium(): void {
  started?.kill('SIGKILL');
}

async function start(profile: string): Promise<RunningChromium> {
  const executable = await packedChromiumPath();
  const child = spawn(executable, [...flags, ...ownFlags, `--user-data-dir=${profile}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  started = child;
  process.on('exit', endChromium);
  const address = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const found = /^DevTools listening on (ws:\/\/.*)$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.on('exit', (code) => reject(new Error(`Chromium ended with ${code}`)));
  });
  const connection = await CdpConnection.open(address);
  await connection.browser.send('Target.setDiscoverTargets', { discover: true });
  return { connection, address, process: child };
}
