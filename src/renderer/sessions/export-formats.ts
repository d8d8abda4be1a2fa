/**
 * What an export's file looks like: sessions as JSON, their messages as HL7 text, the table as CSV. Texts only; what is
 * asked for and in which order is in export-run.ts.
 * May import: src/common.
 */
import type { SessionSummary } from '../../common/contract.ts';
import type { SessionFile } from '../../common/session.ts';
import { isTime } from '../model/format.ts';
import { stateOf, stateWords } from '../model/words.ts';
import { linesOf, maskedFile } from './patient.ts';

export type ExportForm = 'json' | 'hl7' | 'csv';

/** What an export left out, for its file and for the operator. */
export interface LeftOut {
  /** Sessions that were deleted meanwhile. */
  gone: number;
  /** Texts of sessions that are no HL7 message, so that an HL7 file cannot hold them. */
  unfit: number;
}

/** The form of a file: what comes first, what a session adds (null: nothing), what comes last. */
export interface Writer {
  type: string;
  begin: (at: number) => string;
  session: (session: SessionFile) => { text: string; unfit: number };
  end: (sessions: number, left: LeftOut) => string;
}

/** One session as itself, so that it can be put back into a folder; more as a list, with what is not in it. */
export function jsonWriter({ isMasked, isOne }: { isMasked: boolean; isOne: boolean }): Writer {
  const type = 'application/json';
  const shown = (session: SessionFile): unknown => (isMasked ? maskedFile(session) : session);
  if (isOne)
    return {
      type,
      begin: () => '',
      session: (session) => ({ text: JSON.stringify(shown(session), null, 2), unfit: 0 }),
      end: () => '\n',
    };
  let isFirst = true;
  return {
    type,
    begin: (at) =>
      `{"format":"hl7-courier-export","version":1,"exportedAt":${JSON.stringify(new Date(at).toISOString())},` +
      `"patientFields":"${isMasked ? 'hidden' : 'shown'}","rawBytes":"${isMasked ? 'left out' : 'as captured'}","sessions":[`,
    session: (session) => {
      const text = `${isFirst ? '\n' : ',\n'}${JSON.stringify(shown(session))}`;
      isFirst = false;
      return { text, unfit: 0 };
    },
    end: (sessions, { gone }) => `\n],"count":${sessions},"leftOut":{"deletedMeanwhile":${gone}}}\n`,
  };
}

/**
 * Messages one after the other between a file header and a trailer (HL7 v2, chapter 2, batch protocol), whose comments say
 * what is left out. The file is UTF-8, so a message with other characters than ASCII says so in its MSH-18.
 */
export function hl7Writer({ isMasked }: { isMasked: boolean }): Writer {
  let messages = 0;
  return {
    type: 'text/plain;charset=utf-8',
    begin: (at) => {
      const comment = isMasked ? 'patient fields hidden' : 'contains patient data';
      return `FHS|^~\\&|HL7 COURIER||||${hl7Time(at)}|||${comment}\r`;
    },
    session: (session) => {
      const fit = session.messages.filter((message) => message.startsWith('MSH'));
      messages += fit.length;
      return {
        text: fit.map((message) => segmentsOf(message, isMasked)).join(''),
        unfit: session.messages.length - fit.length,
      };
    },
    end: (sessions, left) => {
      const words = [`${messages} messages of ${sessions} sessions`, ...leftOutWords(left)];
      return `FTS|1|${words.join(', ')}\r`;
    },
  };
}

function segmentsOf(message: string, isMasked: boolean): string {
  const lines = linesOf(message, !isMasked).map(({ text, isHidden }) => (isHidden ? `${text}|***` : text));
  const [header = '', ...rest] = lines;
  return [isAscii(lines) ? header : withCharacterSet(header), ...rest, ''].join('\r');
}
// oxlint-disable-next-line no-control-regex
const isAscii = (lines: readonly string[]) => lines.every((line) => /^[\x00-\x7f]*$/.test(line));

function withCharacterSet(header: string): string {
  const separator = header.charAt(3);
  const fields = header.split(separator);
  // MSH-1 is the separator itself, so MSH-18 stands at place 17.
  while (fields.length < 18) fields.push('');
  fields[17] = 'UNICODE UTF-8';
  return fields.join(separator);
}

/** What was left out, in words; empty when nothing was. */
export function leftOutWords({ gone, unfit }: LeftOut): string[] {
  return [
    ...(gone === 0 ? [] : [`${gone} deleted meanwhile`]),
    ...(unfit === 0 ? [] : [`${unfit} left out that ${unfit === 1 ? 'is' : 'are'} no HL7 message`]),
  ];
}

/** `20261124095231`, UTC would need an offset that few read: local time, as devices write it. */
function hl7Time(at: number): string {
  return localTime(at).replaceAll(/\D/g, '');
}

const csvColumns: readonly (readonly [head: string, cell: (summary: SessionSummary) => string | number | undefined])[] = [
  ['Session', ({ counter }) => counter],
  ['Id', ({ sessionId }) => sessionId],
  ['State', (summary) => stateWords[stateOf(summary)].word],
  ['Captured (local time)', ({ startTime }) => localTime(startTime)],
  ['Captured (UTC)', ({ startTime }) => utc(startTime)],
  ['Device', ({ device }) => device],
  ['Device address', ({ deviceIP }) => deviceIP],
  ['LIS address', ({ lisIP }) => lisIP],
  ['Message type', ({ messageType }) => messageType],
  ['Messages', ({ messageCount }) => messageCount],
  ['Bytes', ({ bytes }) => bytes],
  ['Complete', ({ isComplete }) => (isComplete ? 'yes' : 'no')],
  ['Gaps', ({ hasGaps }) => (hasGaps ? 'yes' : 'no')],
  ['Tries', ({ submissionAttempts }) => submissionAttempts],
  ['Last attempt (UTC)', ({ triedAt }) => (triedAt === undefined ? '' : utc(triedAt))],
  ['HTTP status', ({ httpStatus }) => httpStatus],
  ['Accepted (UTC)', ({ submittedAt }) => (submittedAt === undefined ? '' : utc(submittedAt))],
  ['Waited (s)', ({ submittedAt, endTime }) => (submittedAt === undefined ? '' : Math.max(0, submittedAt - endTime) / 1000)],
  ['Reason', ({ submissionError }) => submissionError],
];

/** The byte order mark tells spreadsheets that it is UTF-8. */
export const csvHead = `\uFEFF${csvLine(csvColumns.map(([head]) => head))}`;
export const csvRow = (summary: SessionSummary): string => csvLine(csvColumns.map(([, cell]) => cell(summary) ?? ''));

/** RFC 4180. A text that a spreadsheet would run as a formula gets an apostrophe in front: it comes from devices and endpoints. */
export function csvLine(cells: readonly (string | number)[]): string {
  const quoted = cells.map((cell) => {
    if (typeof cell === 'number') return String(cell);
    const harmless = /^\s*[=+\-@\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}]|^[\t\r\n]/u.test(cell) ? `'${cell}` : cell;
    return /[",\r\n;]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
  });
  return `${quoted.join(',')}\r\n`;
}

/** Files of other programs may hold a time that no calendar knows. */
const utc = (at: number): string => (isTime(at) ? new Date(at).toISOString() : String(at));
/** `2026-11-24 09:52:31`, which spreadsheets take for a time. */
function localTime(at: number): string {
  if (!isTime(at)) return String(at);
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `hl7-courier-2026-11-24-0952-412-sessions.csv`; one session has its id for a name. */
export function fileNameOf(form: ExportForm, { at, count, id }: { at: number; count: number; id?: string }): string {
  if (id !== undefined) return `${id}.${form}`;
  const [day = '', time = ''] = localTime(at).split(' ');
  return `hl7-courier-${day}-${time.slice(0, 5).replace(':', '')}-${count}-sessions.${form}`;
}
