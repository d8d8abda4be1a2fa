/**
 * `hl7-courier cleanup`: one clean-up now, by the running service if there is one.
 * May import: node, src/common, src/service, src/headless.
 */
import { events, type EventPayload } from '../../common/contract.ts';
import { CourierError } from '../../common/errors.ts';
import { openService } from '../../service/service.ts';
import { answer, type CommandContext, commandLog, counted, dataDirOf, say } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { apiClient } from '../server/api-client.ts';
import { runningService } from '../server/service-file.ts';
import { parseSetOptions } from '../set-option.ts';

export interface CleanupOptions {
  dataDir?: string;
  set: string[];
  dryRun?: boolean;
  json?: boolean;
}
type Summary = EventPayload<'onCleanupSummary'>;

export async function cleanup(context: CommandContext, options: CleanupOptions): Promise<number> {
  const dataDir = dataDirOf(options.dataDir, context.environment);
  const running = await runningService(dataDir);
  if (running !== null && options.set.length > 0)
    throw new CourierError(
      'ERR_ARGUMENT_INVALID',
      '--set has no effect on the service that runs; change its settings in the console, or stop it first.',
    );
  const summary = running === null ? await cleanUpHere(context, dataDir, options) : await cleanUpThere(running, options);
  if (options.json === true) answer(context, summary);
  const { filesDeleted, bytesFreed, filesPurged = 0, filesInTrash, dryRun } = summary;
  const moved = `${counted(filesDeleted, 'session')} (${(bytesFreed / 1e6).toFixed(1)} MB)`;
  say(
    context,
    `${dryRun ? 'Would move' : 'Moved'} ${moved} to the trash and ${dryRun ? 'delete' : 'deleted'} ${filesPurged} from it; ${filesInTrash} in the trash now.`,
  );
  return exitCodes.ok;
}

async function cleanUpHere(context: CommandContext, dataDir: string, options: CleanupOptions): Promise<Summary> {
  const service = await openService({
    dataDir,
    command: 'cleanup',
    overrides: parseSetOptions(options.set),
    environment: context.environment,
    version: context.version,
    log: commandLog(context, 'warn'),
  });
  try {
    return await service.cleanUpOnce({ isDryRun: options.dryRun ?? service.settings.current().dryRunMode });
  } finally {
    await service.stop();
  }
}

/** Asks the service, and waits for the summary among its events. */
async function cleanUpThere(running: { url: string; token: string }, { dryRun }: CleanupOptions): Promise<Summary> {
  const ended = new AbortController();
  const stream = await fetch(`${running.url}/api/events`, {
    headers: { authorization: `Bearer ${running.token}` },
    redirect: 'error',
    signal: ended.signal,
  });
  try {
    await apiClient(running).request('runCleanupNow', dryRun === undefined ? {} : { dryRun });
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of stream.body as ReadableStream<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      const data = /^event: onCleanupSummary\ndata: (.*)$/m.exec(text)?.[1];
      if (data !== undefined && text.includes('\n\n', text.indexOf(data))) return events.onCleanupSummary.parse(JSON.parse(data));
      text = text.slice(Math.max(0, text.lastIndexOf('\n\n')));
    }
  } finally {
    ended.abort();
  }
  throw new CourierError('ERR_SERVICE_NOT_RUNNING', 'The service ended before its clean-up did; what was moved is in the trash.');
}
