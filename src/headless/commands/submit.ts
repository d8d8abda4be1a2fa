/**
 * `hl7-courier submit`: one cycle, then exit. Made for cron: what it leaves behind is in its exit code and its JSON.
 * May import: node, src/common, src/service, src/headless.
 */
import { Presets, SingleBar } from 'cli-progress';
import { openService, type Service } from '../../service/service.ts';
import type { RunResult } from '../../service/single-runs.ts';
import { answer, type CommandContext, commandLog, counted, dataDirOf, onStopSignal, say } from '../context.ts';
import { exitCodeOf, exitCodes, type RunTally } from '../exit-codes.ts';
import { parseSetOptions } from '../set-option.ts';

export interface SubmitOptions {
  dataDir?: string;
  set: string[];
  json?: boolean;
}

/** @returns the exit code of design section 8. */
export async function submit(context: CommandContext, options: SubmitOptions): Promise<number> {
  const startedAt = performance.now();
  const { environment, version } = context;
  const service = await openService({
    dataDir: dataDirOf(options.dataDir, environment),
    command: 'submit',
    isAttended: false,
    overrides: parseSetOptions(options.set),
    environment,
    version,
    log: commandLog(context, 'warn'),
  });
  const run = await runUntilSignal(context, service);
  const counts = await service.store.counts();
  const { circuit } = service.worker.status();
  const tally = tallyOf(run, counts);
  if (options.json === true) {
    const { submitted, failed, deferred, pending } = tally;
    answer(context, {
      submitted,
      failed,
      deferred,
      pending,
      durationMs: Math.round(performance.now() - startedAt),
      circuit: { state: circuit.state, ...(circuit.reason === undefined ? {} : { reason: circuit.reason }) },
    });
  }
  const complaint = service.endpointComplaint;
  await service.stop();
  const waiting = tally.pending - tally.heldBack;
  if (complaint !== null && waiting > 0) {
    const remedy = service.settings.current().submissionEndpoint === '' ? ' Set it with --set submissionEndpoint=URL.' : '';
    say(context, `${complaint} ${counted(waiting, 'session')} waiting.${remedy}`);
    return exitCodes.usage;
  }
  say(context, summaryOf(tally, circuit.reason));
  return exitCodeOf(tally);
}

/** Runs the cycle with a progress bar on a terminal; a signal drains what is in flight and ends it. */
async function runUntilSignal(context: CommandContext, service: Service): Promise<RunResult> {
  const bar = context.stderr.isTTY === true ? progressBar(context) : null;
  const verdicts: RunResult['verdicts'] = new Map();
  let done = 0;
  const stopped = Promise.withResolvers<RunResult>();
  const ignoreSignals = onStopSignal((signal) => {
    say(context, `${signal}: finishing what is on its way (10 s at most); once more to exit at once.`);
    void service.worker.stop().then(() => stopped.resolve({ verdicts, end: 'drained' }), stopped.reject);
  });
  const run = service.runOneCycle(({ id, verdict }) => {
    verdicts.set(id, verdict);
    done++;
    const { inFlight, queueSize } = service.worker.status();
    bar?.setTotal(done + inFlight + queueSize);
    bar?.update(done);
  });
  const result = await Promise.race([run, stopped.promise]);
  bar?.stop();
  ignoreSignals();
  return result;
}

function progressBar({ stderr }: CommandContext): SingleBar {
  const bar = new SingleBar(
    {
      format: '{bar} {percentage} %  {value} of {total} sessions  {eta_formatted} to go',
      stream: stderr as NodeJS.WriteStream,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  bar.start(0, 0);
  return bar;
}

function tallyOf(
  { verdicts }: RunResult,
  { pending, heldBack, unreadable }: { pending: number; heldBack: number; unreadable: number },
): RunTally {
  const having = (verdict: string) => [...verdicts.values()].filter((one) => one === verdict).length;
  return {
    submitted: having('submitted'),
    failed: having('failed'),
    deferred: having('deferred'),
    pending,
    heldBack,
    unreadable,
  };
}

function summaryOf({ submitted, failed, pending, heldBack, unreadable }: RunTally, reason: string | undefined): string {
  const parts = [`${counted(submitted, 'session')} submitted`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (pending > 0) parts.push(`${pending} pending${heldBack > 0 ? ` (${heldBack} still being captured)` : ''}`);
  if (unreadable > 0) parts.push(`${counted(unreadable, 'file')} the disk did not let us read`);
  return `${parts.join(', ')}.${reason === undefined ? '' : ` Delivery stopped: ${reason}.`}`;
}
