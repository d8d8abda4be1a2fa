/**
 * How an import ended, in words: to whoever asked for it, to a console that asks later, and in the log.
 * May import: src/common, machines, src/service.
 */
import { importSilenceMs, type ImportOutcome } from '../../../machines/import.ts';
import { CourierError } from '../../common/errors.ts';
import type { Log } from '../log.ts';

/** Not read to its end. */
export type Unread = Exclude<ImportOutcome, { type: 'read' }>;

const silenceMinutes = importSilenceMs / 60_000;

/** Why there is no result, and what became of what had come: one or two sentences for the operator. */
export function reasonOf(outcome: Unread): string {
  return `${whyOf(outcome)} ${restOf(outcome)}`;
}

const restOf = ({ isPartlyRead }: Unread): string =>
  isPartlyRead
    ? 'What was read until then stays; importing again adds nothing twice.'
    : 'What had come was removed and nothing was imported.';

function whyOf(outcome: Unread): string {
  switch (outcome.type) {
    case 'cancelled':
      return 'The import was cancelled.';
    case 'stopped':
      return 'The service ended in the middle of the import.';
    case 'forgotten':
      return `The import was broken off: its console was closed or reloaded, or could not be heard for ${silenceMinutes} minutes. Import the files again.`;
    case 'failed':
      return outcome.error instanceof CourierError
        ? outcome.error.message
        : 'The import failed inside the service; its log says why.';
  }
}

/** What `endImport` rejects with. */
export function failureOf(outcome: Unread): unknown {
  return outcome.type === 'failed' ? outcome.error : new CourierError('ERR_STATE_CONFLICT', reasonOf(outcome));
}

export function tellEnd(outcome: ImportOutcome, log: Pick<Log, 'info' | 'warn'>): void {
  if (outcome.type === 'read') {
    const { files } = outcome.result;
    const sum = (figure: 'added' | 'alreadyThere' | 'gaps') => files.reduce((before, file) => before + file[figure], 0);
    const unreadable = files.filter(({ isRead }) => !isRead).length;
    log.info({ added: sum('added'), alreadyThere: sum('alreadyThere'), gaps: sum('gaps'), unreadable }, 'An import has ended.');
  } else if (outcome.type === 'failed') log.warn({ err: outcome.error }, `An import failed. ${restOf(outcome)}`);
  else log[outcome.type === 'cancelled' ? 'info' : 'warn']({}, reasonOf(outcome));
}
