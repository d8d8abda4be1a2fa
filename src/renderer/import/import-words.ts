/**
 * What came of an import, in words; and where the sessions of it are shown.
 * May import: src/common.
 */
import { importBytesMax, importFilesMax, type ImportResult, type ImportStanding } from '../../common/contract.ts';
import { bytes as size, count, counted, verb } from '../model/format.ts';
import { addressOf } from '../model/route.ts';
import type { Word } from '../model/words.ts';

type FileResult = ImportResult['files'][number];
const minuteMs = 60_000;

/** Why these cannot be imported at once; null when they can. */
export function objectionTo(files: readonly { size: number }[]): string | null {
  if (files.length > importFilesMax)
    return `These are ${count(files.length)} files; at most ${count(importFilesMax)} are imported at once. Remove some.`;
  const total = files.reduce((sum, file) => sum + file.size, 0);
  if (total > importBytesMax)
    return `These files have ${size(total)}; at most ${size(importBytesMax)} are imported at once. Remove some, or import them with the command line.`;
  return null;
}

/** In the order of their names as people count: a capture that was cut into files is numbered. */
export const inOrder = <Named extends { name: string }>(files: readonly Named[]): Named[] =>
  files.toSorted((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));

export function wordOfFile({ isRead, sessions, gaps, problems }: FileResult): Word {
  if (!isRead) return { glyph: 'cross', tone: 'fail', word: sessions > 0 ? 'Read in part' : 'Not read' };
  if (gaps > 0) return { glyph: 'warning', tone: 'retry', word: 'Read, with gaps' };
  if (problems.length > 0) return { glyph: 'warning', tone: 'retry', word: 'Nothing found' };
  return { glyph: 'tick', tone: 'ok', word: 'Read' };
}

/** `12 sessions, 10 added, 2 were here already` */
export function figuresOf({ sessions, added, alreadyThere }: Pick<FileResult, 'sessions' | 'added' | 'alreadyThere'>): string {
  if (sessions === 0) return 'no session';
  const known = alreadyThere === 0 ? '' : `, ${count(alreadyThere)} ${verb(alreadyThere, 'was', 'were')} here already`;
  return `${counted(sessions, 'session')}, ${count(added)} added${known}`;
}

/** What is wrong with a file, and where. */
export function remarksOf({ gaps, problems }: FileResult): string[] {
  const missing = `${counted(gaps, 'gap')}: bytes are missing there; the sessions concerned are marked as incomplete.`;
  const said = problems.map(({ message, offset }) =>
    offset === undefined || offset === 0 ? message : `At byte ${count(offset)}: ${message}`,
  );
  return gaps > 0 ? [missing, ...said] : said;
}

/** What became of the sessions of an import that did not come to its end. */
export const restOf = (isPartlyRead: boolean): string =>
  isPartlyRead ? 'What was read until then stays; importing again adds nothing twice.' : 'Nothing was imported.';

/** The import before this one, for whoever did not see its end; null while it goes on. */
export function lastImport({ state, result, reason }: ImportStanding): string | null {
  if (state === 'receiving' || state === 'reading') return null;
  if (result !== undefined) return `The last import: ${summaryOf(result)}`;
  return `The last import did not come to its end. ${reason ?? ''}`.trim();
}

export function summaryOf({ files }: ImportResult): string {
  const sum = (figure: 'added' | 'alreadyThere') => files.reduce((before, file) => before + file[figure], 0);
  const [added, known] = [sum('added'), sum('alreadyThere')];
  const unread = files.filter(({ isRead }) => !isRead).length;
  const parts = [
    added === 0 ? 'Nothing was added' : `${counted(added, 'session')} added`,
    ...(known === 0 ? [] : [`${count(known)} ${verb(known, 'was', 'were')} here already`]),
    ...(unread === 0 ? [] : [`${counted(unread, 'file')} could not be read to the end`]),
  ];
  return `${parts.join('. ')}.`;
}

/** The sessions of the time that the import covers; null when it found none. */
export function addressOfFound({ earliestAt, latestAt }: ImportResult): string | null {
  if (earliestAt === undefined || latestAt === undefined) return null;
  // To the minute, as the filter shows it; its end is not part of it.
  const query = new URLSearchParams({ from: localMinute(earliestAt), to: localMinute(latestAt + minuteMs) });
  return addressOf('sessions', null, query);
}

/** `2026-11-24T09:00`, in the zone of whoever reads it. */
function localMinute(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}
