/**
 * Which parts of an HL7 message are about a patient, and the message without them. A value that is hidden is not in the
 * result at all.
 * May import: src/common.
 */
import { attemptEntry, changeEntry, sessionFile, type SessionFile } from '../../common/session.ts';

/** Segments that are about the patient as a whole; `P` is their name in LIS style records. */
const patientSegments = new Set(['PID', 'PD1', 'NK1', 'IN1', 'IN2', 'IN3', 'GT1', 'MRG', 'PV1', 'PV2', 'ACC', 'NTE', 'P']);
/** OBX-2 of results whose OBX-5 cannot be free text. */
const plainTypes = new Set(['NM', 'SN', 'CE', 'CWE', 'CNE', 'DT', 'TM', 'TS', 'DTM', 'ID', 'IS', 'SI', 'NA']);
const hiddenText = '***';

export interface Line {
  /** `PID`; empty when the line is no segment. */
  segment: string;
  /** The line, or as much of it as may be seen. */
  text: string;
  isHidden: boolean;
}

export const isPatientSegment = (segment: string): boolean => patientSegments.has(segment);
const segmentOf = (line: string): string => /^[A-Z][A-Z0-9]{0,2}(?=$|[^A-Za-z0-9])/.exec(line)?.[0] ?? '';
/** Whether field 5 of this OBX line may hold free text. */
export const isFreeText = (fields: readonly string[]): boolean => !plainTypes.has(fields[2] ?? '');

/** The message line by line, patient fields replaced unless `isShown`. */
export function linesOf(message: string, isShown: boolean): Line[] {
  const lines = message.split(/\r\n|\r|\n/).filter((line) => line !== '');
  const separator = /^(?:MSH|FHS|BHS|H)(.)/.exec(message)?.[1] ?? '|';
  // What is no HL7 message could hold anything.
  const isKnown = segmentOf(lines[0] ?? '') !== '';
  return lines.map((line) => {
    const segment = segmentOf(line);
    if (isShown) return { segment, text: line, isHidden: false };
    if (!isKnown || segment === '' || isPatientSegment(segment)) return { segment, text: segment, isHidden: true };
    if (segment !== 'OBX') return { segment, text: line, isHidden: false };
    const fields = line.split(separator);
    if (!isFreeText(fields) || fields[5] === undefined || fields[5] === '') return { segment, text: line, isHidden: false };
    fields[5] = hiddenText;
    return { segment, text: fields.join(separator), isHidden: false };
  });
}

/** The bytes of a message, -1 for those that are hidden. */
export function bytesOf(hexData: string, isShown: boolean): number[] {
  const bytes = (hexData.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  if (isShown) return bytes;
  const hidden: number[] = [];
  let start = 0;
  for (let index = 0; index <= bytes.length; index += 1) {
    if (index < bytes.length && bytes[index] !== 0x0d && bytes[index] !== 0x0a) continue;
    hidden.push(...hiddenLine(bytes.slice(start, index)));
    if (index < bytes.length) hidden.push(bytes[index] ?? -1);
    start = index + 1;
  }
  return hidden;
}
function hiddenLine(line: number[]): number[] {
  const head = String.fromCharCode(...line.slice(0, 4));
  const segment = segmentOf(head);
  // A frame begins with its number: `1MSH`.
  const isFramed = /^\d[A-Z]{3}$/.test(head);
  if (isFramed) return [line[0] ?? -1, ...hiddenLine(line.slice(1))];
  if (segment === '' && line.length > 4) return line.map(() => -1);
  if (isPatientSegment(segment) || segment === 'OBX') return line.map((byte, index) => (index < segment.length ? byte : -1));
  return line;
}

const own = new Set(Object.keys(sessionFile.shape));
const ownInHistory = new Set([...Object.keys(attemptEntry.shape), ...Object.keys(changeEntry.shape)]);
/** The file with the fields that another program added hidden: nobody here knows what they hold. */
export function withoutForeign(session: SessionFile): Record<string, unknown> {
  return {
    ...hiddenBut(own, session),
    submissionHistory: session.submissionHistory.map((entry) => hiddenBut(ownInHistory, entry)),
  };
}
const hiddenBut = (known: ReadonlySet<string>, fields: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, known.has(name) ? (value as unknown) : hiddenText]));

/** The file without patient fields, and without the bytes that would tell them. */
export function maskedFile(session: SessionFile): Record<string, unknown> {
  return {
    ...withoutForeign(session),
    messages: session.messages.map((message) =>
      linesOf(message, false)
        .map(({ text, isHidden }) => (isHidden ? `${text}|${hiddenText}` : text))
        .join('\r'),
    ),
    elements: session.elements.map(({ id, timestamp, direction, type }) => ({ id, timestamp, direction, type, hexData: '' })),
    _patient_fields_masked: true,
  };
}
