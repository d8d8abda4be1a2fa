/**
 * The exit codes of the command line (design section 8). Scripts and cron jobs rely on them.
 * May import: src/common.
 */
export const exitCodes = {
  ok: 0,
  /** A session failed in this run; for `import`, a file could not be read. */
  failed: 1,
  /** Usage, settings, or the data directory. */
  usage: 2,
  /** Sessions stay pending because of the endpoint, the disk or a signal; for `check`, the endpoint. */
  pending: 3,
} as const;

/** What a run of `submit` left behind. */
export interface RunTally {
  /** Sessions that this run submitted, failed and left pending. */
  submitted: number;
  failed: number;
  deferred: number;
  /** All that is pending on disk afterwards. */
  pending: number;
  /** Of those, incomplete ones that wait for their end. */
  heldBack: number;
  /** Session files that the disk did not let us read. */
  unreadable: number;
}

/** 0 when this run left nothing pending or failed; 3 wins over 1. Held-back sessions do not count. */
export function exitCodeOf({ failed, pending, heldBack, unreadable }: RunTally): number {
  if (pending - heldBack > 0 || unreadable > 0) return exitCodes.pending;
  return failed > 0 ? exitCodes.failed : exitCodes.ok;
}
