/**
 * The collector as a process: `node src/collector/main.ts [flags]`, or `hl7-courier collector`.
 *   exit 0: ended by SIGTERM, SIGINT, or the end of the process that started it over an IPC channel
 *   exit 1: cannot start (database, port); exit 2: wrong flag
 * May import: src/common, node.
 */
import { CourierError } from '../common/errors.ts';
import { startCollector } from './collector.ts';
import type { CollectorOptions, RunningCollector } from './collector.ts';
import { isLoopbackAddress } from './addresses.ts';
import { collectorCommand, helpText } from './options.ts';
import type { CollectorCommand } from './options.ts';

const closeMsMax = 10_000;
const say = (line: string) => process.stderr.write(`${line}\n`);

function readCommand(): CollectorCommand | null {
  try {
    return collectorCommand(process.argv.slice(2), process.env);
  } catch (error) {
    if (!(error instanceof CourierError)) throw error;
    say(error.message);
    return null;
  }
}

async function start(options: Omit<CollectorOptions, 'log'>): Promise<RunningCollector | null> {
  try {
    return await startCollector({ ...options, log: say });
  } catch (error) {
    if (error instanceof CourierError) say(error.message);
    else if (error instanceof Error && 'syscall' in error && 'code' in error)
      say(
        `The collector cannot listen on ${options.host}, port ${options.port} (${String(error.code)}); choose others with --host and --port.`,
      );
    else throw error;
    return null;
  }
}

/** The first signal ends in order, the second one at once. */
function endOnSignals(collector: RunningCollector): void {
  let isEnding = false;
  const end = () => {
    if (isEnding) process.exit(1);
    isEnding = true;
    // Whoever still sends after ten seconds is cut off: it has no answer yet, and will send again.
    setTimeout(() => {
      say('Requests that took longer than ten seconds to end were cut off without an answer.');
      process.exit(0);
    }, closeMsMax).unref();
    void collector.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  if (process.connected) process.once('disconnect', end);
}

function tell(collector: RunningCollector, { options, isJson }: Extract<CollectorCommand, { type: 'run' }>): void {
  if (!isLoopbackAddress(options.host) && options.authorization === '')
    say('Everyone who reaches this address can read and add sessions: set HL7_COLLECTOR_AUTHORIZATION.');
  say(`The collector takes sessions at ${collector.endpoint} and shows them at ${collector.url}/ (${collector.database}).`);
  if (isJson) process.stdout.write(`${JSON.stringify({ url: collector.url, endpoint: collector.endpoint, pid: process.pid })}\n`);
}

const command = readCommand();
if (command === null) process.exitCode = 2;
else if (command.type === 'help') process.stdout.write(helpText);
else {
  const collector = await start(command.options);
  if (collector === null) process.exit(1);
  endOnSignals(collector);
  tell(collector, command);
}
