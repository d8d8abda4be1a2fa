/**
 * What an operator may have in hand who looks for a result: a barcode, an order number, a patient's number or name, a test.
 *   messages -> the fields below -> text in which src/service/store/session-query.ts looks for words
 * This is patient data. It lives in the memory of the store's threads only: never on disk, in a summary, a log, an error or
 * a figure (docs/security.md).
 * May import: nothing.
 */

/** Identifiers kept of one session, in characters: about forty patients and their orders. What is beyond is not found. */
export const identifiersLengthMax = 4096;
/** Test codes and names kept of one session; sessions of a device share them. */
export const codesLengthMax = 4096;
/** No identifier of HL7 is that long (chapter 2A: EI.1 has 199 characters, names 194). */
const valueLengthMax = 200;

/** Text of a session's messages, folded; values are parted by line feeds, so that no word reaches from one into the next. */
export interface SearchText {
  /** Of this session alone. */
  identifiers: string;
  /** Test codes and their names: the same for many sessions of a device. */
  codes: string;
}

/** Which part of a field's repetition identifies: its first component, the parts of a name, everything but coding systems. */
type Part = 'first' | 'name' | 'code' | 'whole';
interface Wanted {
  /** As HL7 counts: 3 for PID-3. */
  field: number;
  part: Part;
}
const fieldsOf = (parts: Readonly<Record<number, Part>>): readonly Wanted[] =>
  Object.entries(parts).map(([field, part]) => ({ field: Number(field), part }));

/**
 * Fields that name the result, by segment, with the chapters of HL7 v2 that define them. Kin, addresses, dates of birth,
 * values and free text are not among them: nobody finds a result by them, and what is not kept cannot leak.
 */
const searchedFields: ReadonlyMap<string, readonly Wanted[]> = new Map([
  // Chapter 2, control: message control id, which the endpoint and the LIS quote in their errors.
  ['MSH', fieldsOf({ 10: 'first' })],
  // Chapter 3, patient administration: patient id, identifier list, alternate id, name, account number; visit number.
  ['PID', fieldsOf({ 2: 'first', 3: 'first', 4: 'first', 5: 'name', 18: 'first' })],
  ['PV1', fieldsOf({ 19: 'first' })],
  // Chapter 4, orders: placer, filler and placer group number.
  ['ORC', fieldsOf({ 2: 'first', 3: 'first', 4: 'first' })],
  // Chapters 4 and 7: placer and filler order number, what was ordered; what was measured.
  ['OBR', fieldsOf({ 2: 'first', 3: 'first', 4: 'code' })],
  ['OBX', fieldsOf({ 3: 'code' })],
  // Chapter 7, observations: specimen id, the placer's and the filler's.
  ['SPM', fieldsOf({ 2: 'whole' })],
  // Chapter 13, laboratory automation: accession and container identifier, which is the barcode on the tube.
  ['SAC', fieldsOf({ 3: 'first', 4: 'first' })],
  // Chapter 5, queries: an analyser that asks for its orders names the tube, or in the older form the patient.
  ['QPD', fieldsOf({ 3: 'whole' })],
  ['QRD', fieldsOf({ 8: 'name' })],
]);

/** @param messages decoded HL7 messages; what is none adds nothing. */
export function searchTextOf(messages: readonly string[]): SearchText {
  const identifiers = new Values(identifiersLengthMax);
  const codes = new Values(codesLengthMax);
  for (const message of messages) {
    if (!message.startsWith('MSH')) continue;
    const separators = separatorsOf(message);
    for (const line of linesOf(message)) {
      const wanted = searchedFields.get(line.slice(0, 3));
      if (wanted === undefined) continue;
      eachField(line, wanted, separators.field, (value, part) =>
        part === 'code' ? codes.add(value, part, separators) : identifiers.add(value, part, separators),
      );
    }
  }
  return { identifiers: identifiers.text(), codes: codes.text() };
}

/** Segments end with CR; some senders add or use LF. Parting by one character is several times faster, and the rule. */
const linesOf = (message: string) => (message.includes('\n') ? message.split(/[\r\n]+/) : message.split('\r'));

/** Lower case, without diacritics: what a search compares. */
export function folded(text: string): string {
  const lower = text.toLowerCase();
  if (isPlain.test(lower)) return lower;
  return lower
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[ßæœøłđðþı]/g, (letter) => letterByLetter[letter] as string);
}
// oxlint-disable-next-line no-control-regex
const isPlain = /^[\x00-\x7f]*$/;
/** Letters that Unicode does not take apart. */
const letterByLetter: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};

/** The words of a query, folded; those of `DOE^JANE` and `Doe, Jane` are the same. */
export function wordsOf(query: string): string[] {
  return folded(query)
    .split(/[\s,^~&|]+/)
    .filter((word) => word !== '');
}

interface Separators {
  field: string;
  component: string;
  repetition: string;
  escape: string;
  subcomponent: string;
}

/** A message names its separators in MSH-1 and MSH-2 (chapter 2, section 2.5.4). */
function separatorsOf(message: string): Separators {
  const field = message.charAt(3) || '|';
  const [component, repetition, escape, subcomponent] = message.slice(4, 8).split(field, 1)[0] ?? '';
  return {
    field,
    component: component ?? '^',
    repetition: repetition ?? '~',
    escape: escape ?? '\\',
    subcomponent: subcomponent ?? '&',
  };
}

/** Walks the line from separator to separator: what lies behind the last field wanted is not looked at, however long. */
function eachField(line: string, wanted: readonly Wanted[], separator: string, take: (value: string, part: Part) => void): void {
  // MSH-1 is the separator itself, so the fields behind it count one further.
  let at = line.startsWith('MSH') ? 1 : 0;
  let start = 0;
  for (const { field, part } of wanted) {
    for (; at < field; at += 1) {
      const next = line.indexOf(separator, start);
      if (next === -1) return;
      start = next + 1;
    }
    const end = line.indexOf(separator, start);
    const value = end === -1 ? line.slice(start) : line.slice(start, end);
    if (value !== '' && value !== '""') take(value, part);
  }
}

/**
 * What is kept of a value. Its components stay parted as they are: a query is split into words where they may be parted, so
 * `DOE^JANE` is found by `jane doe` as it stands.
 */
function readable(value: string, part: Part, separators: Separators): string {
  const kept = partOf(value, part, separators.component);
  return kept.includes(separators.escape) ? unescaped(kept, separators) : kept;
}

function partOf(value: string, part: Part, component: string): string {
  switch (part) {
    case 'first':
      return components(value, component, 0, 1);
    case 'name':
      // Family, given and middle name.
      return components(value, component, 0, 3);
    case 'code': {
      // Code and name without the coding system, and those of the other system, if there is one.
      const other = components(value, component, 3, 5);
      return components(value, component, 0, 2) + (other === '' ? '' : component + other);
    }
    case 'whole':
      return value;
  }
}

/** Components `from` (counted from 0) up to `to`, without a split: most values have few, and there are many values. */
function components(value: string, component: string, from: number, to: number): string {
  let start = 0;
  for (let at = 0; at < from; at += 1) {
    start = value.indexOf(component, start) + 1;
    if (start === 0) return '';
  }
  let end = start - 1;
  for (let at = from; at < to; at += 1) {
    end = value.indexOf(component, end + 1);
    if (end === -1) return start === 0 ? value : value.slice(start);
  }
  return value.slice(start, end);
}

/** Only what stands in identifiers and names (chapter 2, escape sequences): the separators themselves. */
function unescaped(text: string, { field, component, repetition, escape, subcomponent }: Separators): string {
  return text
    .replaceAll(`${escape}F${escape}`, field)
    .replaceAll(`${escape}S${escape}`, component)
    .replaceAll(`${escape}R${escape}`, repetition)
    .replaceAll(`${escape}T${escape}`, subcomponent)
    .replaceAll(`${escape}E${escape}`, escape);
}

/** Values without repeats, up to a length. */
class Values {
  /** As the messages spell them, so that a repeat costs a look-up. */
  readonly #seen = new Set<string>();
  readonly #texts = new Set(['']);
  readonly #lengthMax: number;
  #length = 0;

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  add(value: string, part: Part, separators: Separators): void {
    if (this.#seen.has(value) || this.#length >= this.#lengthMax) return;
    this.#seen.add(value);
    if (!value.includes(separators.repetition)) this.#keep(readable(value, part, separators));
    else for (const repetition of value.split(separators.repetition)) this.#keep(readable(repetition, part, separators));
  }

  #keep(whole: string): void {
    const text = whole.length > valueLengthMax ? whole.slice(0, valueLengthMax) : whole;
    if (this.#texts.has(text) || this.#length + text.length >= this.#lengthMax) return;
    this.#length += text.length + 1;
    this.#texts.add(text);
  }

  /** Joined behind an empty one: a text of its own, not a part of a message that would keep all of it in memory. */
  text(): string {
    return this.#texts.size === 1 ? '' : folded([...this.#texts].join('\n'));
  }
}
