/**
 * `hl7-courier import`: sessions from capture files and HL7 text, beside a running service or without one.
 * May import: node, src/common, src/service, src/headless.
 */
import { CourierError } from '../../common/errors.ts';
import { importFiles, type ImportedFile, isReadFailure } from '../../service/capture/import-files.ts';
import { sessionCounter } from '../../service/session-counter.ts';
import { openSettings } from '../../service/settings/settings-store.ts';
import { acquireOwnership } from '../../service/store/owner-lock.ts';
import { openSessionStore } from '../../service/store/session-store.ts';
import { type CommandContext, commandLog, counted, dataDirOf, say } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { apiClient } from '../server/api-client.ts';
import { runningService } from '../server/service-file.ts';
import { parseSetOptions } from '../set-option.ts';

export interface ImportOptions {
  dataDir?: string;
  set: string[];
}

export async function importCommand(context: CommandContext, paths: readonly string[], options: ImportOptions): Promise<number> {
  const { environment } = context;
  const dataDir = dataDirOf(options.dataDir, environment);
  const ownership = await acquireOwnership(dataDir, { command: 'import' }).catch((error: unknown) => {
    if (error instanceof CourierError && error.code === 'ERR_STORE_OWNED') return null;
    throw error;
  });
  const isOwner = ownership !== null;
  const log = commandLog(context, 'warn');
  const settings = openSettings({
    dataDir,
    environment,
    overrides: parseSetOptions(options.set),
    log,
    isReadOnly: !isOwner,
  }).current();
  const store = await openSessionStore({ dataDir, isOwner });
  try {
    const { files } = await importFiles(paths, {
      add: (session) => store.add(session),
      settings,
      now: Date.now,
      nextCounter: await sessionCounter(store),
      ...(context.stderr.isTTY === true
        ? {
            onProgress: ({ path, bytesRead, bytesTotal }) =>
              context.stderr.write(`\r\u001B[2K${path}: ${percent(bytesRead, bytesTotal)} %`),
          }
        : {}),
    });
    if (context.stderr.isTTY === true) context.stderr.write('\r\u001B[2K');
    for (const file of files) report(context, file);
    const running = await runningService(dataDir);
    if (running !== null) await apiClient(running).request('triggerSubmissionNow', {});
    return files.some(({ problems }) => problems.some(isReadFailure)) ? exitCodes.failed : exitCodes.ok;
  } finally {
    await store.close();
    ownership?.release();
  }
}

const percent = (part: number, whole: number): number => (whole === 0 ? 100 : Math.floor((100 * part) / whole));

function report(context: CommandContext, { path, sessions, added, alreadyThere, problems, gaps }: ImportedFile): void {
  const known = alreadyThere === 0 ? '' : `, ${alreadyThere} of them imported before`;
  say(context, `${path}: ${counted(sessions, 'session')}${known}, ${added} added.`);
  if (gaps > 0) say(context, `${path}: ${counted(gaps, 'gap')}; the sessions concerned are marked as incomplete.`);
  for (const { message, offset } of problems)
    say(context, `${path}${offset === undefined ? '' : `, byte ${offset}`}: ${message}`);
}
