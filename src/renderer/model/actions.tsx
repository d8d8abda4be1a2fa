/**
 * What an operator can do with sessions: on one, on a selection, or on all that a filter matches; with the confirmations
 * and messages of the design brief, section 6.
 * May import: react, src/common.
 */
import { useCallback, useMemo } from 'react';
import type { SessionFilter, SessionSummary, SomeSessions } from '../../common/contract.ts';
import { useConfirm } from '../ui/confirm.tsx';
import { toast } from '../ui/toast.tsx';
import { useAsk, useConsole, useIsLive } from './console.tsx';
import { count, counted, day, verb } from './format.ts';
import { noEndpoint } from './lights.ts';
import { stateOf } from './words.ts';

export type Selection =
  | { kind: 'some'; sessions: readonly SessionSummary[] }
  | { kind: 'all'; filter: SessionFilter; total: number; inView: number };
export interface SessionActions {
  retry(selection: Selection): Promise<void>;
  ignore(selection: Selection): Promise<void>;
  restore(selection: Selection): Promise<void>;
  remove(selection: Selection): Promise<boolean>;
  sendNow(): Promise<void>;
  /** Runs something and tells what went wrong, if anything. */
  attempt<Value>(work: () => Promise<Value>): Promise<Value | null>;
  isEnabled: boolean;
}

/** Whether the action would change this session. */
export const mayRetry = (summary: SessionSummary): boolean =>
  ['failed', 'ignored', 'submitted', 'backoffWait'].includes(stateOf(summary));
export const mayIgnore = (summary: SessionSummary): boolean =>
  summary.submissionStatus === 'pending' || summary.submissionStatus === 'failed';
export const mayRestore = (summary: SessionSummary): boolean => summary.submissionStatus === 'ignored';

/** Up to so many of what a filter matches are asked for by id first, so that they can be brought back. */
const namedMax = 1000;

const sizeOf = (selection: Selection) => (selection.kind === 'all' ? selection.total : selection.sessions.length);
const paramsOf = (selection: Selection): SomeSessions =>
  selection.kind === 'all' ? { filter: selection.filter } : { sessionIds: selection.sessions.map(({ sessionId }) => sessionId) };

export function useSessionActions(): SessionActions {
  const ask = useAsk();
  const confirm = useConfirm();
  const isEnabled = useIsLive();
  const hasEndpoint = useConsole(({ status }) => status !== null && !noEndpoint(status));
  const isStopped = useConsole(({ status }) => status?.circuit?.state === 'open');
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
    const actions: SessionActions = {
      isEnabled,
      attempt,
      async sendNow() {
        if (!isEnabled) return;
        if (!hasEndpoint) {
          toast('Nothing can be sent: no endpoint can be used. Set it in Settings.');
          return;
        }
        const answer = await attempt(() => ask('triggerSubmissionNow', {}));
        if (answer === null) return;
        const started = isStopped ? 'One session is tried now.' : 'A cycle has started.';
        toast(answer.started ? started : 'One more cycle follows the running one.');
      },
      async retry(selection) {
        if (!isEnabled || sizeOf(selection) === 0) return;
        if (selection.kind === 'some' && selection.sessions.length === 1) await retryOne(selection.sessions[0] as SessionSummary);
        else await retryMany(selection);
      },
      async ignore(selection) {
        const size = sizeOf(selection);
        if (!isEnabled || size === 0) return;
        if (size > 1) {
          const isMeant = await confirm({
            title: `Ignore ${counted(size, 'session')}?`,
            body: `${inView(selection)}They stay on disk and are not sent.`,
            confirm: `Ignore ${count(size)}`,
          });
          if (!isMeant) return;
        }
        const named = await namedOf(selection);
        const answer = await attempt(() => ask('ignoreSession', paramsOf(named)));
        if (answer === null) return;
        if (answer.ignored === 0) toast('Nothing to ignore.');
        else toast(`${counted(answer.ignored, 'session')} ignored.`, restoring(named));
      },
      async restore(selection) {
        if (!isEnabled || sizeOf(selection) === 0) return;
        const answer = await attempt(() => ask('restoreSession', paramsOf(selection)));
        if (answer !== null)
          toast(
            answer.restored === 0
              ? 'Nothing to restore.'
              : `${counted(answer.restored, 'session')} restored, waiting to be sent.`,
          );
      },
      async remove(selection) {
        const size = sizeOf(selection);
        if (!isEnabled || size === 0) return false;
        if (size > 1) {
          const undelivered = await undeliveredOf(selection);
          const isMeant = await confirm({
            title: `Move ${counted(size, 'session')} to trash?`,
            body:
              undelivered === 0
                ? `${inView(selection)}All were delivered or ignored.`
                : `${inView(selection)}${count(undelivered)} of them ${verb(undelivered, 'was', 'were')} never delivered.`,
            confirm: `Move ${count(size)}`,
            isDangerous: undelivered > 0,
          });
          if (!isMeant) return false;
        }
        const named = await namedOf(selection);
        const answer = await attempt(() => ask('deleteSession', paramsOf(named)));
        if (answer === null) return false;
        const where = `to trash for ${counted(trashDays, 'day')}.`;
        const moved = answer.deleted === 1 ? `Moved ${where}` : `${counted(answer.deleted, 'session')} moved ${where}`;
        if (answer.deleted === 0) toast('Nothing was moved.');
        else toast(moved, restoring(named, 'Undo'));
        return answer.deleted > 0;
      },
    };
    const restoring = (selection: Selection, label = 'Restore') =>
      // What a filter matched is not known afterwards, unless it was asked for by id before.
      selection.kind === 'all' ? undefined : { label, run: () => actions.restore(selection) };

    async function namedOf(selection: Selection): Promise<Selection> {
      if (selection.kind === 'some' || selection.total > namedMax) return selection;
      const answer = await attempt(() => ask('getSessions', { filter: selection.filter, limit: namedMax }));
      return answer === null || answer.total > namedMax ? selection : { kind: 'some', sessions: answer.sessions };
    }
    async function retryOne(summary: SessionSummary): Promise<void> {
      if (summary.submissionStatus === 'submitted') {
        const accepted = summary.submittedAt === undefined ? '' : `Accepted ${day(summary.submittedAt, Date.now())}. `;
        const isMeant = await confirm({
          title: 'Send again what was already accepted?',
          body: `${accepted}It carries the same key, an endpoint that honours it keeps one copy.`,
          confirm: 'Send again',
          acknowledge: 'I know it was accepted',
        });
        if (!isMeant) return;
        const answer = await attempt(() => ask('retrySubmission', { sessionId: summary.sessionId, again: true }));
        if (answer !== null) toast('Waiting to be sent again.');
        return;
      }
      const answer = await attempt(() => ask('retrySubmission', { sessionId: summary.sessionId }));
      if (answer !== null) toast(answer.queued > 0 ? 'Waiting to be sent.' : 'It is already waiting to be sent.');
    }
    async function retryMany(selection: Selection): Promise<void> {
      const accepted =
        selection.kind === 'all' ? 0 : selection.sessions.filter((each) => each.submissionStatus === 'submitted').length;
      const size = sizeOf(selection);
      const untouched =
        accepted === 0 ? '' : ` ${count(accepted)} already accepted ${verb(accepted, 'stays as it is', 'stay as they are')}.`;
      const isMeant = await confirm({
        title: `Retry ${counted(size - accepted, 'session')}?`,
        body: `${inView(selection)}Starts with one, goes on while they are accepted.${untouched}`,
        confirm: `Retry ${count(size - accepted)}`,
      });
      if (!isMeant) return;
      const params =
        selection.kind === 'all'
          ? { filter: selection.filter }
          : { sessionIds: selection.sessions.map((each) => each.sessionId) };
      const answer = await attempt(() => ask('startRetryJob', params));
      if (answer !== null) toast(`Retrying ${counted(answer.job.total, 'session')}, one first.`);
    }
    async function undeliveredOf(selection: Selection): Promise<number> {
      if (selection.kind === 'some')
        return selection.sessions.filter(
          ({ submissionStatus }) => submissionStatus === 'pending' || submissionStatus === 'failed',
        ).length;
      const status = (selection.filter.status ?? ['pending', 'failed']).filter((each) => each === 'pending' || each === 'failed');
      if (status.length === 0) return 0;
      const answer = await attempt(() => ask('getSessions', { filter: { ...selection.filter, status }, limit: 0 }));
      return answer?.total ?? 0;
    }
    return actions;
  }, [ask, attempt, confirm, isEnabled, hasEndpoint, isStopped, trashDays]);
}

function inView(selection: Selection): string {
  if (selection.kind === 'some' || selection.inView >= selection.total) return '';
  return `${count(selection.inView)} ${verb(selection.inView, 'is', 'are')} in view. `;
}
