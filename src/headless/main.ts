/**
 * The command line of design section 8: arguments in, a command run, its exit code out. Each command is loaded when it is
 * meant: a cron job that delivers does not wait for the server's code.
 * May import: node, commander, src/common, src/headless.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { CourierError } from '../common/errors.ts';
import { type CommandContext, ownStopSignals, say } from './context.ts';
import { exitCodes } from './exit-codes.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };

/** Runs one command line; the process ends with its exit code when nothing is left to do. */
export async function run(args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<void> {
  const context: CommandContext = { environment, stdout: process.stdout, stderr: process.stderr, version };
  let exitCode: number = exitCodes.ok;
  const program = courierProgram(context, (code) => (exitCode = code));
  try {
    await program.parseAsync(args, { from: 'user' });
    process.exitCode = exitCode;
  } catch (error) {
    process.exitCode = exitCodeOfError(context, error);
  }
}

function courierProgram(context: CommandContext, ended: (exitCode: number) => void): Command {
  const program = new Command('hl7-courier')
    .description('Keeps HL7 v2 sessions of medical devices as files and delivers every one of them to a REST endpoint.')
    .version(context.version)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .showHelpAfterError('(hl7-courier --help lists the commands)');

  withData(program.command('serve'))
    .description('run the service and its console until it is told to stop')
    .addOption(setOption())
    .addOption(
      new Option('--port <n>', 'port of the console and the API; 0 takes any that is free').argParser(portNumber).default(2580),
    )
    .option('--host <address>', 'address to listen on; others than this computer can reach it only if you say so', '127.0.0.1')
    .addOption(
      new Option('--inspect-machines [port]', 'show the statecharts in the Stately inspector, for development')
        .argParser(portNumber)
        .preset('0')
        .hideHelp(),
    )
    .option('--no-console', 'the API alone, without the console’s pages')
    .action(async (options) => ended(await (await loaded(import('./commands/serve.ts'))).serve(context, options)));

  withData(program.command('submit'))
    .description('deliver what is pending in one cycle, then exit')
    .addOption(setOption())
    .option('--json', 'print the result as one JSON object on stdout')
    .addHelpText('after', '\nExit codes: 0 all delivered, 1 a session failed, 2 usage or settings, 3 sessions stay pending.')
    .action(async (options) => ended(await (await loaded(import('./commands/submit.ts'))).submit(context, options)));

  withData(program.command('status'))
    .description('show how many sessions stand where')
    .option('--json', 'print the figures as one JSON object on stdout')
    .action(async (options) => ended(await (await loaded(import('./commands/status.ts'))).status(context, options)));

  withData(program.command('check'))
    .description('try settings, folder and endpoint; sends no session')
    .addOption(setOption())
    .option('--json', 'print what was found as one JSON object on stdout')
    .addHelpText('after', '\nExit codes: 0 all well, 2 settings or folder, 3 endpoint.')
    .action(async (options) => ended(await (await loaded(import('./commands/check.ts'))).check(context, options)));

  withData(program.command('retry'))
    .description('put failed or ignored sessions back in the queue')
    .argument('[ids...]', 'ids of sessions, as the console and the file names show them')
    .option('--failed', 'all that failed')
    .option('--again', 'also sends what was accepted')
    .action(async (ids: string[], options) =>
      ended(await (await loaded(import('./commands/retry.ts'))).retry(context, ids, options)),
    );

  withData(program.command('import'))
    .description('add the sessions of capture files and HL7 text, in the order given')
    .addOption(setOption())
    .argument('<files...>', '.pcap, .pcapng or .hl7 files; a connection may go on in the next one')
    .addHelpText('after', '\nExit codes: 0 every file was read, 1 one could not be; the others are imported.')
    .action(async (files: string[], options) =>
      ended(await (await loaded(import('./commands/import.ts'))).importCommand(context, files, options)),
    );

  withData(program.command('cleanup'))
    .description('move what is delivered and past its time to the trash, and delete old trash')
    .addOption(setOption())
    .option('--dry-run', 'report, and move nothing')
    .option('--json', 'print the summary as one JSON object on stdout')
    .action(async (options) => ended(await (await loaded(import('./commands/cleanup.ts'))).cleanup(context, options)));

  program
    .command('collector')
    .description('run the reference endpoint; its own --help lists the options')
    .helpOption(false)
    .allowUnknownOption()
    .argument('[options...]')
    .action(async (rest: string[]) => ended(await (await loaded(import('./commands/collector.ts'))).collector(rest)));

  program
    .command('demo')
    .description('show it at work: a collector, the service and simulated analysers')
    .option('--data-dir <dir>', 'keep the demo’s data here')
    .addOption(new Option('--port <n>', 'port of the console').argParser(portNumber).default(2580))
    .option('--capture', 'let the analysers talk over this computer’s network, and capture them there (needs dumpcap)')
    .addOption(new Option('--per-second <n>', 'sessions a second that the analysers send').argParser(perSecond).default(1))
    .action(async (options) => ended(await (await loaded(import('./commands/demo.ts'))).demo(context, options)));

  // Settings apply to subcommands only when they are made from the program; these were.
  for (const command of program.commands) command.exitOverride().configureHelp({ sortOptions: true });
  return program;
}

/** A command's code, and the signals to it alone: what it imports may have listeners of its own. */
async function loaded<Module>(loading: Promise<Module>): Promise<Module> {
  const command = await loading;
  ownStopSignals();
  return command;
}

const withData = (command: Command): Command => command.option('--data-dir <dir>', 'folder of the sessions and settings');

function setOption(): Option {
  return new Option('--set <key=value>', 'a setting for this run, not stored; may be repeated')
    .argParser((value: string, before: string[]) => [...before, value])
    .default([], 'none');
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('It must be a port number, 0-65535.');
  return port;
}

function perSecond(text: string): number {
  const rate = Number(text);
  if (!(rate > 0 && rate <= 1000)) throw new InvalidArgumentError('It must be a number above 0, at most 1000.');
  return rate;
}

function exitCodeOfError(context: CommandContext, error: unknown): number {
  // commander has said what is wrong already; --help and --version come here as well, with code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof CourierError) {
    say(context, `hl7-courier: ${error.message}`);
    return exitCodes.usage;
  }
  throw error;
}
