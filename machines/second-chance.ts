/**
 * Which failed sessions the endpoint's next acceptance sets back to `pending` (design section 6, "Second chance").
 * May import: src/common.
 */
import type { FailedSession } from '../src/common/delivery.ts';

const usedUpChancesMax = 3;
const refusedChancesMax = 1;
/** So many refusals since the last acceptance were the endpoint's fault, not the sessions'. */
const refusalsOfAnEndpoint = 20;

/**
 * @param ledger sessions that failed since the previous acceptance, in a delivery that also began after it.
 * @returns those that get another chance.
 */
export function secondChances(ledger: readonly FailedSession[]): FailedSession[] {
  const areRefusalsForgiven = ledger.filter(({ cause }) => cause === 'refused').length >= refusalsOfAnEndpoint;
  return ledger.filter(({ cause, setBackBefore }) =>
    cause === 'usedUp' ? setBackBefore < usedUpChancesMax : areRefusalsForgiven && setBackBefore < refusedChancesMax,
  );
}
