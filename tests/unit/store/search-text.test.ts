/**
 * What a search finds a session by: the identifying fields of its messages, and how little else.
 * May import: src/service/store.
 */
import { expect, test } from 'vitest';
import { codesLengthMax, folded, identifiersLengthMax, searchTextOf, wordsOf } from '../../../src/service/store/search-text.ts';

const header = 'MSH|^~\\&|CHEM-1|LAB|LIS|HOSP|20260101120000||ORU^R01^ORU_R01|MSG00042^X|P|2.5.1';
const message = (...segments: string[]) => [header, ...segments, ''].join('\r');
const valuesOf = (...messages: string[]) => {
  const { identifiers, codes } = searchTextOf(messages);
  return { identifiers: identifiers.split('\n').slice(1), codes: codes.split('\n').slice(1) };
};

test('the numbers and names that identify a result are kept, and nothing else of the patient', () => {
  const whole = message(
    'PID|1|P-2|4711^^^HOSP^MR~0815^^^NAT|ALT-4|DOE^JANE^A^^DR||19700131|F|||Street 1^^Town||555-1234|||||ACC-18|SSN-19',
    'NK1|1|DOE^JOHN|SPO',
    'PV1|1|I|W1||||||||||||||||VN-19',
    'ORC|RE|PLACER-2^LIS|FILLER-3^CHEM|GROUP-4',
    'OBR|1|PLACER-2^LIS|FILLER-3^CHEM|CHEM7^Chemistry panel^L^24323-8^Metabolic panel^LN|||20260101',
    'SPM|1|S-1&LIS^S-2&CHEM||SER',
    'SAC|||ACCESSION-3|TUBE-4',
    'OBX|1|NM|GLU^Glucose^99L||7.1|mmol/L',
    'OBX|2|TX|COM||Patient was fasting',
    'NTE|1||Call Dr. Smith',
  );
  expect(valuesOf(whole)).toEqual({
    identifiers: [
      'msg00042',
      'p-2',
      '4711',
      '0815',
      'alt-4',
      'doe^jane^a',
      'acc-18',
      'vn-19',
      'placer-2',
      'filler-3',
      'group-4',
      's-1&lis^s-2&chem',
      'accession-3',
      'tube-4',
    ],
    codes: ['chem7^chemistry panel^24323-8^metabolic panel', 'glu^glucose', 'com'],
  });
});

test('an analyser that asks for its orders is found by the tube it asks about', () => {
  const asked = message('QPD|WOS^Work Order Step^IHE_LABTF|Q1|TUBE-77');
  const older = message('QRD|20260101|R|I|Q2|||1|4711^DOE^JANE|RES');
  expect(valuesOf(asked, older).identifiers).toEqual(['msg00042', 'tube-77', '4711^doe^jane']);
});

test('a message is read by the separators it names, and its escapes stand for them', () => {
  const own = 'MSH#*%!?#D#F#L#H#2026##ORU*R01#M1\nPID#1##77**X%88##O!T!HARA*A!X0D!B*C*D\nOBX#1#NM#K*Potassium*L#';
  expect(valuesOf(own)).toEqual({ identifiers: ['m1', '77', '88', 'o?hara*a!x0d!b*c'], codes: ['k*potassium'] });
  expect(valuesOf(message('PID|1||1\\F\\2\\S\\3\\R\\4\\E\\5')).identifiers).toContain('1|2^3~4\\5');
});

test('what repeats is kept once, what is empty not at all', () => {
  expect(valuesOf(message('PID|1|""|4711~', 'PID|1||4711', 'OBX|1|NM|NA', 'OBX|2|NM|NA', 'OBX|3|NM', 'OBX'))).toEqual({
    identifiers: ['msg00042', '4711'],
    codes: ['na'],
  });
  expect(searchTextOf([])).toEqual({ identifiers: '', codes: '' });
  expect(searchTextOf(['', 'H|\\^&', 'MSH', 'MSH|', 'PID|1||4711'])).toEqual({ identifiers: '', codes: '' });
});

test('however much a session holds, little of it is kept', () => {
  const many = Array.from({ length: 1000 }, (_, index) =>
    message(`PID|1||PATIENT-${index}||${'X'.repeat(5000)}`, `OBX|1|NM|CODE-${index}`),
  );
  const { identifiers, codes } = searchTextOf(many);
  expect(identifiers.length).toBeLessThanOrEqual(identifiersLengthMax);
  expect(codes.length).toBeLessThanOrEqual(codesLengthMax);
  expect(identifiers).toContain('patient-0\nxxx');
});

test('words are compared without case and diacritics, and in no order', () => {
  expect(folded('MÜLLER-Straße ŁÓDŹ Ærø ﬁ')).toBe('muller-strasse lodz aero fi');
  expect(wordsOf(' Doe,  JANE^a&b~c|d ')).toEqual(['doe', 'jane', 'a', 'b', 'c', 'd']);
  expect(wordsOf(' , ^ ')).toEqual([]);
});
