/**
 * `hl7-courier check`: are the settings right, is the folder usable, does the endpoint answer? Sends no session.
 * May import: node, src/common, src/service, src/headless.
 */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { CourierError } from '../../common/errors.ts';
import type { Settings } from '../../common/settings.ts';
import type { ConnectionTest } from '../../common/console.ts';
import { checkEndpoint } from '../../service/delivery/check-endpoint.ts';
import { makeDestination } from '../../service/delivery/destination.ts';
import { openSettings } from '../../service/settings/settings-store.ts';
import { answer, type CommandContext, commandLog, dataDirOf, say } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { parseSetOptions } from '../set-option.ts';

export interface CheckOptions {
  dataDir?: string;
  set: string[];
  json?: boolean;
}

interface Finding {
  ok: boolean;
  message: string;
}

export async function check(context: CommandContext, options: CheckOptions): Promise<number> {
  const dataDir = dataDirOf(options.dataDir, context.environment);
  const folder = checkFolder(dataDir);
  const settings = checkSettings(context, dataDir, options);
  const endpoint = 'settings' in settings ? await checkReach(context, settings.settings) : null;
  if (options.json === true) {
    answer(context, {
      ok: folder.ok && settings.ok && endpoint?.ok === true,
      settings: { ok: settings.ok, message: settings.message },
      folder,
      endpoint: endpoint ?? { ok: false, message: 'not tried: the settings cannot be used' },
    });
  } else {
    report(context, 'Settings', settings);
    report(context, 'Folder', folder);
    for (const { step, result, message } of endpoint?.steps ?? [])
      say(context, `${marks[result]}  Endpoint, ${step}: ${message}`);
  }
  if (!folder.ok || !settings.ok) return exitCodes.usage;
  return endpoint?.ok === true ? exitCodes.ok : exitCodes.pending;
}

const marks = { ok: 'ok    ', failed: 'FAILED', skipped: '-     ', unknown: '?     ' };

function report(context: CommandContext, what: string, { ok, message }: Finding): void {
  say(context, `${ok ? marks.ok : marks.failed}  ${what}: ${message}`);
}

/** The folder, or the nearest that is there already: the service makes the rest. */
function checkFolder(dataDir: string): Finding {
  let nearest = dataDir;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  if (!statSync(nearest).isDirectory())
    return { ok: false, message: `${nearest} is no folder; name another one with --data-dir.` };
  try {
    accessSync(nearest, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return {
      ok: false,
      message: `${nearest} cannot be written to; change its permissions, or name another one with --data-dir.`,
    };
  }
  return {
    ok: true,
    message: nearest === dataDir ? `${dataDir} is there and can be written to.` : `${dataDir} will be made at the first start.`,
  };
}

function checkSettings(
  context: CommandContext,
  dataDir: string,
  options: CheckOptions,
): Finding | (Finding & { settings: Settings }) {
  try {
    const store = openSettings({
      dataDir,
      environment: context.environment,
      isReadOnly: true,
      overrides: parseSetOptions(options.set),
      log: commandLog(context, 'warn'),
    });
    // A key that is no setting has no effect; the log says so.
    const problem = store.problems().find(({ code }) => code !== 'settings.unknownKey');
    if (problem !== undefined) return { ok: false, message: problem.message };
    const settings = store.current();
    if (settings.submissionEndpoint === '') return { ok: false, message: 'No endpoint is set; set submissionEndpoint.' };
    makeDestination(settings, { environment: context.environment })?.close();
    return { ok: true, message: 'all values can be used.', settings };
  } catch (error) {
    if (error instanceof CourierError) return { ok: false, message: error.message };
    throw error;
  }
}

async function checkReach({ environment }: CommandContext, settings: Settings): Promise<Finding & Pick<ConnectionTest, 'steps'>> {
  const destination = makeDestination(settings, { environment });
  if (destination === null) return { ok: false, steps: [], message: 'no endpoint is set' };
  try {
    const { result, message, steps } = await checkEndpoint(destination, { signal: new AbortController().signal, now: Date.now });
    return { ok: result !== 'failed', message, steps };
  } finally {
    destination.close();
  }
}
