/**
 * HL7 v2 messages as the simulated devices send them: segments that end in CR, as the standard has it (2.5.1, chapter 2).
 * May import: src/headless/demo.
 */
import { chemistryTests, comments, haematologyTests, patientNames } from './sample-catalog.ts';
import type { Device, LabTest } from './sample-catalog.ts';
import { around, oneOf, shuffled, wholeBetween } from './seeded-random.ts';
import type { Random } from './seeded-random.ts';

/** What every message of one exchange is made with. */
export interface Sender {
  device: Device;
  random: Random;
  /** MSH-7, unix ms. */
  timeMs: number;
  /** MSH-10, unique for the device. */
  nextControlId: () => string;
}
export interface Message {
  text: string;
  controlId: string;
}

/** `20261124190512+0000` (data type TS). */
function timestamp(unixMs: number): string {
  return `${new Date(unixMs).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}+0000`;
}

/** Text that HL7 would read as a separator, escaped (2.5.1, section 2.7). */
const field = (text: string): string =>
  text.replaceAll(/[\\|^&~]/g, (character) => `\\${{ '\\': 'E', '|': 'F', '^': 'S', '&': 'T', '~': 'R' }[character]}\\`);

function message(sender: Sender, type: string, rest: readonly string[], from?: string): Message {
  const { device, timeMs } = sender;
  const controlId = sender.nextControlId();
  const [sending, receiving] = from === undefined ? [device.label, 'LIS'] : [from, device.label];
  const header = ['MSH', '^~\\&', sending, 'DEMO-LAB', receiving, 'DEMO-HOSPITAL', timestamp(timeMs), '', type, controlId, 'P'];
  const set = device.characterSet.name;
  const msh = [...header, device.version, ...(set === '' ? [] : ['', '', '', '', '', set])].join('|');
  return { controlId, text: `${[msh, ...rest].join('\r')}\r` };
}

/** PID of a patient who does not exist, and whose number and name say so. */
function patient({ random, device }: Sender): { number: string; segment: string } {
  const number = String(wholeBetween(random, 1, 9999)).padStart(4, '0');
  const [family, given] = oneOf(random, patientNames[device.characterSet.encoding]);
  const birth = `${wholeBetween(random, 1931, 2019)}${String(wholeBetween(random, 1, 12)).padStart(2, '0')}15`;
  const segment = `PID|1||TEST${number}^^^DEMO-HOSPITAL^MR||${family}^${given}-${number}||${birth}|${oneOf(random, ['F', 'M', 'U'])}`;
  return { number, segment };
}

function observation({ random, timeMs }: Sender, test: LabTest, setId: number): string {
  const middle = (test.low + test.high) / 2;
  const value = Math.max(0, around(random, middle, (test.high - test.low) / 3));
  const flag = value < test.low ? 'L' : value > test.high ? 'H' : 'N';
  const range = `${test.low}-${test.high}`;
  const id = `${test.code}^${test.name}^LN`;
  return `OBX|${setId}|NM|${id}||${value.toFixed(test.decimals)}|${test.unit}|${range}|${flag}|||F|||${timestamp(timeMs)}`;
}

const orderNumber = (random: Random): string => `ORD${wholeBetween(random, 100_000, 999_999)}`;

function results(sender: Sender, panel: { code: string; tests: readonly LabTest[] }): Message {
  const { random } = sender;
  const order = orderNumber(random);
  const segments = [
    patient(sender).segment,
    'PV1|1|I|DEMO-WARD^101^A',
    `ORC|RE|${order}`,
    `OBR|1|${order}||${panel.code}|||${timestamp(sender.timeMs)}`,
  ];
  for (const [index, test] of panel.tests.entries()) {
    segments.push(observation(sender, test, index + 1));
    if (random() < 0.12) segments.push(`NTE|1|L|${field(oneOf(random, comments))}`);
  }
  return message(sender, 'ORU^R01^ORU_R01', segments);
}

/** ORU^R01 of a chemistry analyser: some of its tests, with comments. */
export function chemistryResult(sender: Sender): Message {
  const tests = shuffled(sender.random, chemistryTests).slice(0, wholeBetween(sender.random, 3, chemistryTests.length));
  return results(sender, { code: '24323-8^Comprehensive metabolic panel^LN', tests });
}

/** ORU^R01 of a haematology analyser: the whole blood count. */
export function haematologyResult(sender: Sender): Message {
  return results(sender, { code: '58410-2^Complete blood count^LN', tests: haematologyTests });
}

/** ORU^R01 with as many observations as it takes to be about `characters` long: the raw curve of a measurement. */
export function largeResult(sender: Sender, characters: number): Message {
  const { random } = sender;
  const order = orderNumber(random);
  const segments = [patient(sender).segment, `ORC|RE|${order}`, `OBR|1|${order}||58410-2^Complete blood count^LN`];
  let length = 0;
  for (let setId = 1; length < characters; setId += 1) {
    const points = Array.from({ length: 60 }, () => wholeBetween(random, 0, 4095)).join('^');
    const segment = `OBX|${setId}|NA|HISTO^Channel ${setId}^99DEMO||${points}||||||F`;
    segments.push(segment);
    length += segment.length + 1;
  }
  return message(sender, 'ORU^R01^ORU_R01', segments);
}

/** ORU^R01 with an embedded picture (data type ED, base64), about `characters` long. */
export function pictureResult(sender: Sender, characters: number): Message {
  const { random } = sender;
  const order = orderNumber(random);
  const picture = Buffer.from(Uint8Array.from({ length: Math.ceil(characters * 0.75) }, () => wholeBetween(random, 0, 255)));
  return message(sender, 'ORU^R01^ORU_R01', [
    patient(sender).segment,
    `ORC|RE|${order}`,
    `OBR|1|${order}||14869-7^Smear review^LN`,
    'OBX|1|TX|SMEAR^Finding^99DEMO||No abnormal cells seen.||||||F',
    `OBX|2|ED|IMG^Slide^99DEMO||SLIDE-1^Image^PNG^Base64^${picture.toString('base64')}||||||F`,
  ]);
}

/** ORM^O01: a point-of-care device announces what it is about to measure. */
export function orderRequest(sender: Sender): Message {
  const { random } = sender;
  const number = orderNumber(random);
  const { code, name } = oneOf(random, chemistryTests);
  return message(sender, 'ORM^O01^ORM_O01', [
    patient(sender).segment,
    'PV1|1|E|DEMO-ER^2^B',
    `ORC|NW|${number}|||||^^^${timestamp(sender.timeMs)}^^S`,
    `OBR|1|${number}||${code}^${name}^LN|||${timestamp(sender.timeMs)}`,
  ]);
}

/** ADT^A08: changed demographics. */
export function demographicsUpdate(sender: Sender): Message {
  const time = timestamp(sender.timeMs);
  return message(sender, 'ADT^A08^ADT_A01', [
    `EVN|A08|${time}`,
    patient(sender).segment,
    `PV1|1|I|DEMO-ICU^${wholeBetween(sender.random, 1, 20)}^A||||^DEMO-DOCTOR^TEST`,
  ]);
}

/** QRY^A19 and the ADR^A19 that answers it: a device asks who lies in a bed. */
export function patientQuery(sender: Sender): { query: Message; answer: Message } {
  const { number, segment } = patient(sender);
  const queryId = `Q${wholeBetween(sender.random, 10_000, 99_999)}`;
  const definition = `QRD|${timestamp(sender.timeMs)}|R|I|${queryId}|||1^RD|TEST${number}|DEM`;
  const query = message(sender, 'QRY^A19^QRY_A19', [definition, 'QRF|LIS']);
  const answer = message(
    sender,
    'ADR^A19^ADR_A19',
    [`MSA|AA|${query.controlId}`, definition, segment, 'PV1|1|I|DEMO-WARD^7^A'],
    'LIS',
  );
  return { query, answer };
}

/** ACK of the LIS for a message. */
export function acknowledgement(sender: Sender, controlId: string): Message {
  return message(sender, 'ACK', [`MSA|AA|${controlId}`], 'LIS');
}
