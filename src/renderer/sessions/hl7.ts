/**
 * An HL7 message as segments and fields with their positions; values that are hidden are not in the result.
 * Loaded with the drawer only. May import: @medplum/core.
 */
import { Hl7Message } from '@medplum/core';
import { fieldName, segmentNames } from './hl7-names.ts';
import { isFreeText, isPatientSegment } from './patient.ts';

interface Hl7Field {
  /** `PID-5` */
  position: string;
  name: string;
  /** Null when hidden. */
  value: string | null;
}
export interface Hl7Segment {
  id: string;
  segment: string;
  /** Which of its kind, when there are more: 2 for the second OBX. */
  number: number | null;
  name: string;
  /** What it says in a few words, of results and orders; empty when it has none or they are hidden. */
  summary: string;
  isPatient: boolean;
  fields: Hl7Field[];
}

/** Null when the text is no HL7 message. @param named an empty field that is wanted all the same: `OBX-6`. */
export function segmentsOf(message: string, isShown: boolean, named?: string): Hl7Segment[] | null {
  const text = message.replace(/\r\n|\n/g, '\r').replace(/\r+$/, '');
  if (!/^(MSH|FHS|BHS)/.test(text)) return null;
  let parsed;
  try {
    parsed = Hl7Message.parse(text);
  } catch {
    return null;
  }
  const totals = new Map<string, number>();
  for (const { name } of parsed.segments) totals.set(name, (totals.get(name) ?? 0) + 1);
  const seen = new Map<string, number>();
  return parsed.segments.map((segment, index) => {
    const name = segment.name;
    const number = (seen.get(name) ?? 0) + 1;
    seen.set(name, number);
    const isPatient = isPatientSegment(name);
    const values = segment.toString().split(parsed.context.fieldSeparator);
    // MSH-1 is the separator itself, so the fields behind it count one further.
    const shift = /^(MSH|FHS|BHS)$/.test(name) ? 1 : 0;
    const isFree = name === 'OBX' && isFreeText(values);
    const wanted = named?.startsWith(`${name}-`) === true ? Number(named.slice(name.length + 1)) : 0;
    while (values.length <= wanted - shift) values.push('');
    const fields = values.slice(1).flatMap((value, place): Hl7Field[] => {
      const position = place + 1 + shift;
      if (value === '' && position !== wanted) return [];
      const isHidden = !isShown && (isPatient || (isFree && position === 5));
      return [{ position: `${name}-${position}`, name: fieldName(name, position), value: isHidden ? null : value }];
    });
    return {
      id: `${name}-${index}`,
      segment: name,
      number: (totals.get(name) ?? 0) > 1 ? number : null,
      name: segmentNames[name] ?? '',
      summary: summaryOf(name, fields, parsed.context.componentSeparator),
      isPatient,
      fields,
    };
  });
}

const summaryLength = 120;
/** `Glucose 5.4 mmol/L H`: what was measured, its value, unit and flags; of an order, what was asked for. */
function summaryOf(segment: string, fields: readonly Hl7Field[], separator: string): string {
  const of = (place: number) => fields.find(({ position }) => position === `${segment}-${place}`)?.value ?? '';
  const called = (value: string) =>
    value
      .split(separator, 2)
      .toReversed()
      .find((part) => part !== '') ?? '';
  const parts =
    segment === 'OBX'
      ? [called(of(3)), of(5).slice(0, summaryLength), of(6).split(separator, 1)[0], of(8) === 'N' ? '' : of(8)]
      : segment === 'OBR'
        ? [called(of(4))]
        : [];
  return parts
    .filter((part) => part !== '')
    .join(' ')
    .slice(0, summaryLength);
}
