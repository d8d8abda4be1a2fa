/**
 * `hl7-courier serve`: the service until it is told to stop, with its console server on this computer.
 * May import: node, src/common, src/service, src/headless.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CourierError } from '../../common/errors.ts';
import type { Environment } from '../../service/delivery/proxy.ts';
import { startInspection } from '../../service/inspection.ts';
import { openService, type Service, type ServiceOptions } from '../../service/service.ts';
import { type CommandContext, commandLog, dataDirOf, onStopSignal, say } from '../context.ts';
import { type ConsoleServer, startConsoleServer } from '../server/console-server.ts';
import { courierMetrics } from '../server/metrics.ts';
import { keptToken } from '../server/kept-token.ts';
import { writeServiceFile } from '../server/service-file.ts';
import { parseSetOptions } from '../set-option.ts';
import { exitCodes } from '../exit-codes.ts';

export interface ServeOptions {
  dataDir?: string;
  set: string[];
  port: number;
  host: string;
  /** False with `--no-console`: the API alone. */
  console: boolean;
  /** Port of the inspector's page; development only. */
  inspectMachines?: number;
}

export interface Serving {
  service: Service;
  server: ConsoleServer;
  /** Opens the console; holds the token, so it goes to the terminal and nowhere else. */
  consoleUrl: string;
  /** Ends the console server, drains, and gives the data directory back. */
  stop(): Promise<void>;
}

/** @returns the exit code: 0 after a stop that was asked for. */
export async function serve(context: CommandContext, options: ServeOptions): Promise<number> {
  const { environment, version } = context;
  // From here on: a stop that is asked for while the service starts is as orderly as a later one.
  const stopAsked = new Promise<void>((resolve) => {
    onStopSignal((signal) => {
      say(context, `${signal}: finishing what is on its way (10 s at most); once more to exit at once.`);
      resolve();
    });
  });
  const serving = await startServing(
    {
      dataDir: dataDirOf(options.dataDir, environment),
      command: 'serve',
      overrides: parseSetOptions(options.set),
      environment,
      version,
      log: commandLog(context),
    },
    options,
  );
  const inspection = options.inspectMachines === undefined ? null : await startInspection(options.inspectMachines);
  if (inspection !== null) {
    serving.service.watchMachines(inspection.inspect);
    say(context, `Machines in the Stately inspector: ${inspection.url}`);
  }
  say(context, `${options.console ? 'Console' : 'API'}: ${serving.consoleUrl}`);
  await stopAsked;
  await serving.stop();
  await inspection?.stop();
  say(context, 'Stopped. What is not delivered yet stays on disk and goes out after the next start.');
  return exitCodes.ok;
}

/** The service and its console server, running. @throws CourierError when one of the two cannot start; nothing is left then. */
export async function startServing(
  serviceOptions: ServiceOptions,
  { port, host, console: hasPages }: Pick<ServeOptions, 'port' | 'host' | 'console'>,
): Promise<Serving> {
  const service = await openService({ ...serviceOptions, hostHandlers: hostHandlers(serviceOptions.environment) });
  const metrics = courierMetrics({ getStatus: () => service.status(), now: Date.now });
  const pagesDir = hasPages ? builtPages() : null;
  try {
    const token = keptToken(serviceOptions.dataDir);
    const server = await startConsoleServer({
      api: service.api,
      host,
      port,
      token,
      version: serviceOptions.version,
      metrics: () => metrics.text(),
      health: async () => ({ ok: !service.hasProblem('store.readFailed') && !service.hasProblem('store.writeFailed') }),
      log: service.log.room('console'),
      ...(pagesDir === null ? {} : { pagesDir }),
    });
    const removeServiceFile = await writeServiceFile(serviceOptions.dataDir, {
      pid: process.pid,
      url: server.url,
      token,
      startedAt: Date.now(),
    });
    const unsubscribe = service.api.subscribe((event) => metrics.recordEvent(event));
    service.onAttempt((attempt) => metrics.recordAttempt(attempt));
    await service.start();
    return {
      service,
      server,
      consoleUrl: `${server.url}/?token=${token}`,
      stop: async () => {
        await service.drain();
        unsubscribe();
        await server.close();
        await removeServiceFile();
        await service.stop();
      },
    };
  } catch (error) {
    await service.stop();
    throw error;
  }
}

/** What a host without a desktop answers. */
function hostHandlers(environment: Environment): NonNullable<ServiceOptions['hostHandlers']> {
  return {
    getHostOptions: () => ({
      kind: 'headless',
      canChooseFile: false,
      secretStorage: environment['HL7_COURIER_AUTH_HEADER'] === undefined ? 'file' : 'environment',
    }),
    setHostOptions: () => {
      throw new CourierError(
        'ERR_STATE_CONFLICT',
        'The headless host is started by the system’s service manager; set it up there.',
      );
    },
    chooseFile: () => ({}),
  };
}

/** The console as it was built, or null in a clone where it was not: one plain page answers then. */
function builtPages(): string | null {
  const folder = fileURLToPath(
    new URL(import.meta.url.endsWith('.ts') ? '../../../out/renderer' : '../renderer', import.meta.url),
  );
  return existsSync(`${folder}/index.html`) ? folder : null;
}
