/**
 * The place in a message that an endpoint's code names: `OBX-3.unknown-code` is about field 3 of an OBX.
 * May import: src/renderer/sessions.
 */

export interface RefusedPlace {
  segment: string;
  /** Which of its kind, from 1; null: the code does not say. */
  nth: number | null;
  /** From 1; null: the segment as a whole. */
  field: number | null;
  /** `3.2`, or `2` behind the field; empty when the field as a whole is meant. */
  part: string;
}

/** The endpoint's code at the end of the service's own sentence: `HTTP 422 Unprocessable Entity (OBX-3.unknown-code)`. */
export function codeOf(submissionError: string | undefined): string | undefined {
  return /\((?<code>[A-Za-z0-9_.:-]{1,64})\)$/.exec(submissionError ?? '')?.groups?.code;
}

/** `OBX`, `OBX-3`, `PID.5`, `OBX-3.1`, `OBX[2]-5`, each with more words behind it. */
const position =
  /^(?<segment>[A-Z][A-Z0-9]{2})(?:\[(?<nth>[1-9]\d{0,3})\])?(?:[-.](?<field>[1-9]\d?)(?:\[\d+\])?(?<part>(?:[-.]\d{1,2}){0,2}))?(?![A-Za-z0-9[]|[-.]\d)/;

/** Null when the code names no place; a word before a colon is left aside, as in `invalid:PID-5`. */
export function placeOf(code: string): RefusedPlace | null {
  for (const word of code.split(':')) {
    const groups = position.exec(word)?.groups;
    if (groups?.segment === undefined) continue;
    return {
      segment: groups.segment,
      nth: groups.nth === undefined ? null : Number(groups.nth),
      field: groups.field === undefined ? null : Number(groups.field),
      part: (groups.part ?? '').slice(1).replaceAll('-', '.'),
    };
  }
  return null;
}

/** `OBX-3.1`, as a field is called in the tree, and its part. */
export const placeName = ({ segment, field, part }: RefusedPlace): string =>
  `${segment}${field === null ? '' : `-${field}`}${part === '' ? '' : `.${part}`}`;

/** How many segments of these messages it may be about. */
export function segmentsMeant(messages: readonly string[], { segment, nth }: RefusedPlace): number {
  const lines = new RegExp(`(?:^|[\\r\\n])${segment}(?![A-Za-z0-9])`, 'g');
  const counts = messages.map((message) => message.match(lines)?.length ?? 0);
  return counts.reduce((sum, found) => sum + (nth === null ? found : found >= nth ? 1 : 0), 0);
}
