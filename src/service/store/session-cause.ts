/**
 * Which cause a session stands under, by what its file says (docs/console-contract.md, "Causes"). Pure.
 * May import: src/common.
 */
import type { Cause } from '../../common/console.ts';
import type { SessionDigest } from './session-digest.ts';

export type CauseKind = Cause['kind'];
/** What makes two sessions stand under one cause. */
export interface CauseKey {
  id: string;
  kind: CauseKind;
  httpStatus?: number;
  code?: string;
}

type Judged = Pick<SessionDigest, 'submissionStatus' | 'outcome' | 'httpStatus' | 'submissionError' | 'hasGaps'>;

/** The machine-readable code that our own sentences end with: `HTTP 422 Unprocessable Entity (OBX-3.unknown-code)`. */
export function codeInSentence(sentence: string): string | undefined {
  return /\(([A-Za-z0-9_.:-]{1,64})\)$/.exec(sentence)?.[1];
}

/** The cause of one session; null when it has none. Whether that cause is open is not its concern. */
export function causeKeyOf({ submissionStatus, outcome, httpStatus, submissionError, hasGaps }: Judged): CauseKey | null {
  switch (submissionStatus) {
    case 'failed':
      return outcome === 'refused' ? refusedKey(httpStatus, codeInSentence(submissionError)) : usedUpKey(httpStatus);
    case 'pending':
      return outcome === 'unheard' ? unheardKey(codeInSentence(submissionError)) : null;
    case 'ignored':
      return hasGaps ? { id: 'damaged', kind: 'damaged' } : null;
    case 'submitted':
      return null;
  }
}

/** @param httpStatus 0 or missing: the file does not say. */
export function refusedKey(httpStatus = 0, code?: string): CauseKey {
  const status = httpStatus === 0 ? {} : { httpStatus };
  const named = code === undefined ? {} : { code };
  return {
    id: ['refused', httpStatus || 'unknown', ...(code === undefined ? [] : [code])].join('-'),
    kind: 'refused',
    ...status,
    ...named,
  };
}

export function usedUpKey(httpStatus = 0): CauseKey {
  return httpStatus === 0 ? { id: 'usedUp-unknown', kind: 'usedUp' } : { id: `usedUp-${httpStatus}`, kind: 'usedUp', httpStatus };
}

export function unheardKey(code = 'UNKNOWN'): CauseKey {
  return { id: `unheard-${code}`, kind: 'unheard', code };
}
