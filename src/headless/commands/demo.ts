/**
 * `hl7-courier demo`: a collector, the service and simulated analysers on this computer, so that a newcomer sees
 * sessions flow. Its data lies in a folder of its own under the system's temporary directory; after a pulled plug the
 * next start goes on with it.
 * May import: node, src/common, src/service, src/headless.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Status } from '../../common/contract.ts';
import { CourierError } from '../../common/errors.ts';
import { listInterfaces } from '../../service/capture/network-interfaces.ts';
import { acquireOwnership } from '../../service/store/owner-lock.ts';
import { type CommandContext, commandLog, counted, onStopSignal, say } from '../context.ts';
import { runAnalyser, startAnalyser } from '../demo/analyser.ts';
import { startLaboratorySystem } from '../demo/conversation.ts';
import { exitCodes } from '../exit-codes.ts';
import { startCollectorProcess } from './collector.ts';
import { type Serving, startServing } from './serve.ts';

export interface DemoOptions {
  dataDir?: string;
  port: number;
  perSecond: number;
  /** The analysers talk over the network of this computer, and their sessions are captured there. */
  capture?: boolean;
}

const folderPrefix = 'hl7-courier-demo-';
/** A line of progress, this often. */
const progressMs = 500;
const plainProgressMs = 5000;

export async function demo(context: CommandContext, options: DemoOptions): Promise<number> {
  const stopAsked = new Promise<void>((resolveStop) => onStopSignal(() => resolveStop()));
  const { dataDir, isGoingOn } = await demoFolder(options.dataDir);
  if (isGoingOn) say(context, 'A demo was ended the hard way: going on with its data, nothing is missing.');
  const collector = await startCollector(dataDir);
  // The collector is on this computer: a proxy that the environment names has no part in the demo.
  const environment = { ...context.environment, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' };
  const laboratory = options.capture === true ? await startLaboratorySystem() : null;
  const overrides = {
    submissionEndpoint: collector.endpoint,
    submissionIntervalMinutes: 1,
    ...(laboratory === null ? {} : { captureInterface: await loopbackInterface(), capturePorts: [laboratory.port] }),
  };
  const log = commandLog(context, 'warn');
  const serviceOptions = { dataDir, command: 'demo', overrides, environment, version: context.version, log, isSampleData: true };
  const serving = await startServing(serviceOptions, { port: options.port, host: '127.0.0.1', console: true }).catch(
    async (error: unknown) => {
      // The port may be another service's; the demo does not insist on it.
      if (error instanceof CourierError && error.code === 'ERR_ADDRESS_UNAVAILABLE')
        return startServing(serviceOptions, { port: 0, host: '127.0.0.1', console: true });
      throw error;
    },
  );
  const analyserOptions = {
    perSecond: options.perSecond,
    random: Math.random,
    now: Date.now,
    onError: (error: unknown) => log.warn({ err: error }, 'A simulated analyser could not deliver its session.'),
  };
  const triggerNow = () => void serving.service.worker.triggerNow();
  if (laboratory !== null) {
    await captureStarted(serving);
    serving.service.api.subscribe(({ name, payload }) => {
      if (name === 'onSessionsChanged' && payload.added.length > 0) triggerNow();
    });
  }
  const analyser =
    laboratory === null
      ? await startAnalyser({ ...analyserOptions, sessionsDir: join(dataDir, 'sessions'), onDropped: triggerNow })
      : runAnalyser(analyserOptions, (session) => laboratory.talk(session));
  say(
    context,
    `\n  Console     ${serving.consoleUrl}\n  Collector   ${collector.url}\n  Data        ${dataDir}\n\n  Simulated analysers send about ${counted(options.perSecond, 'session')} a second. Ctrl-C ends the demo.\n`,
  );
  const endProgress = showProgress(context, serving, () => analyser.dropped());
  await stopAsked;
  endProgress();
  say(context, 'Ending the demo ...');
  await analyser.stop();
  await laboratory?.close();
  await serving.stop();
  await end(collector.child);
  if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  say(context, options.dataDir === undefined ? 'Ended; its data is removed.' : `Ended; its data stays in ${dataDir}.`);
  return exitCodes.ok;
}

/** The name of this computer's own network interface, as the capture tool knows it. */
async function loopbackInterface(): Promise<string> {
  const interfaces = await listInterfaces();
  const own = interfaces.find(({ addresses }) => addresses.includes('127.0.0.1'));
  if (own !== undefined) return own.name;
  throw new CourierError(
    'ERR_CAPTURE_UNAVAILABLE',
    'No loopback interface was found to capture on; run the demo without --capture.',
  );
}

/** @throws CourierError when the capture cannot start; its sentence says what to do. */
async function captureStarted({ service }: Serving): Promise<void> {
  const { promise, resolve: isSettled } = Promise.withResolvers<NonNullable<Status['capture']>>();
  const unsubscribe = service.api.subscribe(({ name, payload }) => {
    if (name === 'onStatus' && (payload.capture?.state === 'capturing' || payload.capture?.state === 'failed'))
      isSettled(payload.capture);
  });
  const { state, reason } = await promise;
  unsubscribe();
  if (state === 'failed') throw new CourierError('ERR_CAPTURE_UNAVAILABLE', reason ?? 'The capture could not start.');
}

/** A fresh folder, or the one that a demo left behind when the plug was pulled. */
async function demoFolder(given: string | undefined): Promise<{ dataDir: string; isGoingOn: boolean }> {
  if (given !== undefined) return { dataDir: resolve(given), isGoingOn: false };
  for (const name of readdirSync(tmpdir())) {
    const folder = join(tmpdir(), name);
    if (name.startsWith(folderPrefix) && existsSync(join(folder, 'owner.json')) && (await isFree(folder)))
      return { dataDir: folder, isGoingOn: true };
  }
  return { dataDir: mkdtempSync(join(tmpdir(), folderPrefix)), isGoingOn: false };
}

/** Whether no living process owns the folder. */
async function isFree(folder: string): Promise<boolean> {
  try {
    (await acquireOwnership(folder, { command: 'demo' })).release();
    return true;
  } catch {
    return false; // Owned, or somebody else's altogether.
  }
}

async function startCollector(dataDir: string): Promise<{ url: string; endpoint: string; child: ChildProcess }> {
  const child = startCollectorProcess(
    ['--port', '0', '--db', join(dataDir, 'collector.db'), '--json'],
    ['ignore', 'pipe', 'inherit', 'ipc'],
  );
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit')])) as [unknown];
  if (typeof line !== 'string')
    throw new CourierError('ERR_ADDRESS_UNAVAILABLE', 'The demo’s collector did not start; the lines above say why.');
  return { ...(JSON.parse(line) as { url: string; endpoint: string }), child };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** One line that stays in its place on a terminal; elsewhere a line every few seconds. */
function showProgress(context: CommandContext, serving: Serving, dropped: () => number): () => void {
  const isTerminal = context.stderr.isTTY === true;
  let accepted = 0;
  const unsubscribe = serving.service.api.subscribe(({ name, payload }) => {
    if (name === 'onSubmissionResult' && payload.success) accepted++;
  });
  const timer = setInterval(
    () => {
      const { inFlight, queueSize, circuit } = serving.service.worker.status();
      const line = `  ${dropped()} sent by analysers, ${accepted} accepted, ${inFlight} on their way, ${queueSize} waiting${circuit.state === 'closed' ? '' : `; stopped: ${circuit.reason}`}`;
      context.stderr.write(isTerminal ? `\r\u001B[2K${line}` : `${line}\n`);
    },
    isTerminal ? progressMs : plainProgressMs,
  );
  return () => {
    clearInterval(timer);
    unsubscribe();
    if (isTerminal) context.stderr.write('\n');
  };
}
