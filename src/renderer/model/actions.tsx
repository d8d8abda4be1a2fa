/**
 * What an operator can do with sessions: on one, on a selection, or on all that a filter matches; with the confirmations
 * and messages of the design brief, section 6.
 * May import: react, src/common.
 */
import { useCallback, useMemo } from 'react';
import type { SessionSummary } from '../../common/contract.ts';
import { useConfirm } from '../ui/confirm.tsx';
import { toast } from '../ui/toast.tsx';
import { useAsk, useConsole, useIsLive } from './console.tsx';
import { count, counted, dayWithin, verb } from './format.ts';
import { noEndpoint } from './lights.ts';
import { asItIs, namedOf, paramsOf, partOf, sizeOf, undeliveredOf, type Change, type Selection } from './selection.ts';
import { stateOf } from './words.ts';

export type { Selection };
export interface SessionActions {
  /** Each answers whether something was changed: not when the operator said no, or it was refused. */
  retry(selection: Selection): Promise<boolean>;
  ignore(selection: Selection): Promise<boolean>;
  restore(selection: Selection): Promise<boolean>;
  remove(selection: Selection): Promise<boolean>;
  sendNow(): Promise<void>;
  /** Runs something and tells what went wrong, if anything. */
  attempt<Value>(work: () => Promise<Value>): Promise<Value | null>;
  isEnabled: boolean;
}

/** What is under way, from its key or button until its last word: a second one of the same does nothing. */
const running = new Set<string>();
async function once<Value>(what: string, work: () => Promise<Value>, otherwise: Value): Promise<Value> {
  if (running.has(what)) return otherwise;
  running.add(what);
  try {
    return await work();
  } finally {
    running.delete(what);
  }
}

export function useSessionActions(): SessionActions {
  const ask = useAsk();
  const confirm = useConfirm();
  const isEnabled = useIsLive();
  const hasEndpoint = useConsole(({ status }) => status !== null && !noEndpoint(status));
  const isStopped = useConsole(({ status }) => status?.circuit?.state === 'open');
  const hasPending = useConsole(({ status }) => (status?.pending ?? 0) > 0);
  const trashDays = useConsole(({ settings }) => settings?.settings.trashDays ?? 7);
  const attempt = useCallback(async <Value,>(work: () => Promise<Value>): Promise<Value | null> => {
    try {
      return await work();
    } catch (error) {
      toast(error instanceof Error ? error.message : 'That did not work.');
      return null;
    }
  }, []);
  return useMemo(() => {
    const on = async (change: Change, selection: Selection, work: () => Promise<boolean>) => {
      if (!isEnabled || sizeOf(selection) === 0) return false;
      return (await once(`${change} ${JSON.stringify(paramsOf(selection))}`, () => attempt(work), false)) === true;
    };
    const actions: SessionActions = {
      isEnabled,
      attempt,
      async sendNow() {
        if (!isEnabled) return;
        if (!hasEndpoint) {
          toast('Nothing can be sent: no endpoint can be used. Set it in Settings.');
          return;
        }
        await once('send', () => attempt(sendNow), null);
      },
      retry: (selection) =>
        on('retry', selection, () => {
          const [first, ...others] = selection.kind === 'some' ? selection.sessions : [];
          return first !== undefined && others.length === 0 ? retryOne(first) : retryMany(selection);
        }),
      ignore: (selection) =>
        on('ignore', selection, async () => {
          const part = await partOf(ask, selection, 'ignore');
          const size = sizeOf(part);
          if (size === 0) {
            toast('Nothing to ignore: only what is not delivered can be.');
            return false;
          }
          const isMeant =
            size === 1 ||
            (await confirm({
              title: `Ignore ${counted(size, 'session')}?`,
              body: `${inView(part, selection)}They stay on disk and are not sent.${untouched(part, selection)}`,
              confirm: `Ignore ${count(size)}`,
            }));
          if (!isMeant) return false;
          const named = await namedOf(ask, part);
          const { ignored } = await ask('ignoreSession', paramsOf(named));
          if (ignored === 0) toast('Nothing to ignore.');
          else
            toast(
              `${counted(ignored, 'session')} ignored.`,
              undoing(named, 'Restore', () => actions.restore(named)),
            );
          return ignored > 0;
        }),
      restore: (selection) =>
        on('restore', selection, async () => {
          const { restored } = await ask('restoreSession', paramsOf(selection));
          toast(restored === 0 ? 'Nothing to restore.' : `${counted(restored, 'session')} restored, waiting to be sent.`);
          return restored > 0;
        }),
      remove: (selection) => on('remove', selection, () => remove(selection)),
    };

    async function sendNow(): Promise<void> {
      const { started } = await ask('triggerSubmissionNow', {});
      const begun = isStopped && hasPending ? 'One session is tried now.' : 'A cycle has started.';
      toast(started ? begun : 'One more cycle follows the running one.');
    }
    async function remove(given: Selection): Promise<boolean> {
      const selection = await asItIs(ask, given);
      const size = sizeOf(selection);
      if (size === 0) {
        toast('Nothing was moved: none of them matches any more.');
        return false;
      }
      if (size > 1) {
        const undelivered = await undeliveredOf(ask, selection);
        const isMeant = await confirm({
          title: `Move ${counted(size, 'session')} to trash?`,
          body:
            undelivered === 0
              ? `All were delivered or ignored. ${inView(selection)}`
              : `${count(undelivered)} of them ${verb(undelivered, 'was', 'were')} never delivered. ${inView(selection)}`,
          confirm: `Move ${count(size)}`,
          isDangerous: undelivered > 0,
        });
        if (!isMeant) return false;
      }
      const named = await namedOf(ask, selection);
      const { deleted } = await ask('deleteSession', paramsOf(named));
      const where = `to trash for ${counted(trashDays, 'day')}.`;
      const moved = deleted === 1 ? `Moved ${where}` : `${counted(deleted, 'session')} moved ${where}`;
      if (deleted === 0) toast('Nothing was moved.');
      else
        toast(
          moved,
          undoing(named, 'Undo', () => bringBack(named)),
        );
      return deleted > 0;
    }
    /** From the trash, as they were: only what was not delivered is sent. */
    async function bringBack(named: Selection): Promise<void> {
      await attempt(async () => {
        const { restored } = await ask('restoreSession', paramsOf(named));
        toast(restored === 0 ? 'Nothing to bring back.' : `${counted(restored, 'session')} brought back from the trash.`);
      });
    }
    // What a filter matched is not known afterwards, unless it was asked for by id before.
    const undoing = (named: Selection, label: string, run: () => unknown) =>
      named.kind === 'all' ? undefined : { label, run, isUndo: true };

    async function retryOne(summary: SessionSummary): Promise<boolean> {
      const { sessionId, submissionStatus, submittedAt } = summary;
      if (submissionStatus === 'submitted') {
        const accepted = submittedAt === undefined ? '' : `Accepted ${dayWithin(submittedAt, Date.now())}. `;
        const isMeant = await confirm({
          title: 'Send again what was already accepted?',
          body: `${accepted}It carries the same key, an endpoint that honours it keeps one copy.`,
          confirm: 'Send again',
          acknowledge: 'I know it was accepted',
        });
        if (!isMeant) return false;
        await ask('retrySubmission', { sessionId, again: true });
        toast('Waiting to be sent again.');
        return true;
      }
      const { queued } = await ask('retrySubmission', { sessionId });
      if (queued > 0) toast('Waiting to be sent.');
      else
        toast(
          isDelayed(summary)
            ? 'Its wait is over: the next free slot is its.'
            : 'It is already waiting to be sent, or on its way.',
        );
      return true;
    }
    async function retryMany(selection: Selection): Promise<boolean> {
      const part = await partOf(ask, selection, 'retry');
      const size = sizeOf(part);
      const delayed = selection.kind === 'some' ? selection.sessions.filter(isDelayed) : [];
      if (size === 0 && delayed.length > 0) {
        await ask('retrySubmission', { sessionIds: delayed.map(({ sessionId }) => sessionId) });
        toast(`${counted(delayed.length, 'session')} need not wait any longer.`);
        return true;
      }
      if (size === 0) {
        toast('Nothing to retry: none of them failed or is ignored.');
        return false;
      }
      const isMeant = await confirm({
        title: `Retry ${counted(size, 'session')}?`,
        body: `${inView(part, selection)}Starts with one, goes on while they are accepted.${untouched(part, selection)}`,
        confirm: `Retry ${count(size)}`,
      });
      if (!isMeant) return false;
      const { job } = await ask('startRetryJob', part.kind === 'all' ? { filter: part.filter } : idsOf(part));
      toast(job.total === 0 ? 'Nothing to retry any more.' : `Retrying ${counted(job.total, 'session')}, one first.`);
      return job.total > 0;
    }
    return actions;
  }, [ask, attempt, confirm, isEnabled, hasEndpoint, isStopped, hasPending, trashDays]);
}

const isDelayed = (summary: SessionSummary): boolean => stateOf(summary) === 'backoffWait';
const idsOf = ({ sessions }: Extract<Selection, { kind: 'some' }>) => ({
  sessionIds: sessions.map(({ sessionId }) => sessionId),
});

/** Said of all that were selected; how many of a part of them are in view is not known. */
function inView(part: Selection, selection = part): string {
  if (part.kind === 'some' || part.inView >= part.total || part.total !== sizeOf(selection)) return '';
  return `${count(part.inView)} ${verb(part.inView, 'is', 'are')} in view. `;
}
function untouched(part: Selection, selection: Selection): string {
  const others = sizeOf(selection) - sizeOf(part);
  return others <= 0 ? '' : ` ${count(others)} of the selected ${verb(others, 'stays as it is', 'stay as they are')}.`;
}
