/**
 * How things stand, for the tray and the notifications: one word, one line, one number.
 *   status of the service -> standing
 * May import: src/common.
 */
import type { Status } from '../common/contract.ts';
import { unusableEndpointCode } from '../common/problem-codes.ts';

/** `stopped`: delivery is held up by the endpoint or by missing settings. `failed`: sessions or the settings need a person. */
export type StandingKind = 'well' | 'sending' | 'failed' | 'stopped';

export interface Standing {
  kind: StandingKind;
  /** One line in the operator's words. */
  words: string;
  /** Sessions that are not delivered yet. */
  waiting: number;
}

type Seen = Pick<Status, 'pending' | 'failed' | 'circuit' | 'worker' | 'endpoint' | 'problems'>;

export function standingOf({ pending, failed, circuit, worker, endpoint, problems = [] }: Seen): Standing {
  const waiting = pending;
  if (problems.some(({ code }) => code === unusableEndpointCode))
    return { kind: 'stopped', words: 'The endpoint cannot be used as it is set: sessions are kept and wait', waiting };
  if (endpoint === undefined) return { kind: 'stopped', words: 'No endpoint is set: sessions are kept and wait', waiting };
  if (circuit?.state === 'open')
    return { kind: 'stopped', words: `Delivery stopped: ${circuit.reason ?? ''}`.trimEnd(), waiting };
  if (failed > 0)
    return { kind: 'failed', words: `${counted(failed)} failed and need${failed === 1 ? 's' : ''} attention`, waiting };
  const [problem] = problems;
  if (problem !== undefined) return { kind: 'failed', words: shortened(problem.message), waiting };
  if ((worker?.inFlight ?? 0) > 0) return { kind: 'sending', words: `Sending, ${counted(pending)} to go`, waiting };
  return { kind: 'well', words: pending === 0 ? 'All sessions are delivered' : `${counted(pending)} waiting`, waiting };
}

/** A tray has room for a line: the first sentence, and of that no more than Windows shows. The console has the rest. */
function shortened(message: string): string {
  const [sentence = ''] = message.split(/(?<=[.:;]) /);
  return sentence.length <= lineLengthMax ? sentence : `${sentence.slice(0, lineLengthMax - 1)}…`;
}
const lineLengthMax = 110;

/** `1 session`, `2,000 sessions`. */
export const counted = (count: number) => `${count.toLocaleString('en')} session${count === 1 ? '' : 's'}`;
