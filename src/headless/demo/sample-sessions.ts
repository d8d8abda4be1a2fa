/**
 * Sessions as a capture would keep them, without end: varied, realistic, and the same for the same chance and clock.
 * LIS:  ENQ -> ACK -> (message -> ACK)* -> EOT        MLLP:  message -> acknowledgement
 * May import: src/common, src/headless/demo.
 */
import type { SessionElement, SessionFile } from '../../common/session.ts';
import { uuidV7 } from '../../common/uuid-v7.ts';
import { chemistryDevices, haematologyDevices, imagingDevice, lisAddress, pointOfCareDevices } from './sample-catalog.ts';
import type { Device } from './sample-catalog.ts';
import {
  acknowledgement,
  chemistryResult,
  demographicsUpdate,
  haematologyResult,
  largeResult,
  orderRequest,
  patientQuery,
  pictureResult,
} from './sample-messages.ts';
import type { Message, Sender } from './sample-messages.ts';
import { oneOf, shuffled, wholeBetween } from './seeded-random.ts';
import type { Random } from './seeded-random.ts';

const retentionMs = 30 * 24 * 60 * 60 * 1000;

/** One exchange: who talks, and what is said; `from` is the LIS for an answer to a query. */
interface Exchange {
  device: Device;
  messages: { message: Message; direction: SessionElement['direction'] }[];
}
type Kind = 'chemistry' | 'haematology' | 'batch' | 'order' | 'update' | 'query' | 'curve' | 'picture';

/** Twenty sessions hold each kind as often as this; the large ones are rare, as they are in a laboratory. */
const deck: readonly Kind[] = [
  ...Array.from({ length: 6 }, () => 'chemistry' as const),
  ...Array.from({ length: 4 }, () => 'haematology' as const),
  ...Array.from({ length: 3 }, () => 'batch' as const),
  ...Array.from({ length: 2 }, () => 'order' as const),
  ...Array.from({ length: 2 }, () => 'update' as const),
  'query',
  'curve',
  'picture',
];

function exchangeOf(kind: Kind, random: Random, senderFor: (device: Device) => Sender): Exchange {
  const sent = (device: Device, make: (sender: Sender) => Message, times = 1): Exchange => ({
    device,
    messages: Array.from({ length: times }, () => ({ message: make(senderFor(device)), direction: 'device-to-pc' as const })),
  });
  switch (kind) {
    case 'chemistry':
      return sent(oneOf(random, chemistryDevices), chemistryResult);
    case 'haematology':
      return sent(oneOf(random, haematologyDevices), haematologyResult);
    case 'batch':
      return sent(oneOf(random, chemistryDevices), chemistryResult, wholeBetween(random, 2, 12));
    case 'order':
      return sent(oneOf(random, pointOfCareDevices), orderRequest);
    case 'update':
      return sent(oneOf(random, pointOfCareDevices), demographicsUpdate);
    case 'query': {
      const device = oneOf(random, chemistryDevices);
      const { query, answer } = patientQuery(senderFor(device));
      return {
        device,
        messages: [
          { message: query, direction: 'device-to-pc' },
          { message: answer, direction: 'pc-to-device' },
        ],
      };
    }
    case 'curve':
      return sent(oneOf(random, haematologyDevices), (sender) => largeResult(sender, wholeBetween(random, 200_000, 500_000)));
    case 'picture':
      return sent(imagingDevice, (sender) => pictureResult(sender, wholeBetween(random, 300_000, 1_000_000)));
  }
}

const otherDirection = (direction: SessionElement['direction']): SessionElement['direction'] =>
  direction === 'device-to-pc' ? 'pc-to-device' : 'device-to-pc';

/** The exchange as elements, from `startTime` on; each takes some milliseconds, a large message more. */
function elementsOf({ device, messages }: Exchange, startTime: number, senderFor: (device: Device) => Sender): SessionElement[] {
  const elements: SessionElement[] = [];
  const random = senderFor(device).random;
  let timestamp = startTime;
  const add = (direction: SessionElement['direction'], type: SessionElement['type'], hexData: string, text?: string) => {
    const decoded = text === undefined ? {} : { decodedMessage: text };
    elements.push({ id: elements.length + 1, timestamp, direction, type, hexData, ...decoded });
    timestamp += wholeBetween(random, 2, 40) + Math.floor(hexData.length / 2000);
  };
  const hexOf = (text: string) => Buffer.from(text, device.characterSet.encoding).toString('hex').toUpperCase();
  if (device.framing === 'lis') {
    add('device-to-pc', 'start', '05');
    add('pc-to-device', 'ack', '06');
  }
  for (const { message, direction } of messages) {
    add(direction, 'message', hexOf(message.text), message.text);
    if (device.framing === 'lis') add(otherDirection(direction), 'ack', '06');
    else {
      const { text } = acknowledgement(senderFor(device), message.controlId);
      add('pc-to-device', 'ack', hexOf(text), text);
    }
  }
  if (device.framing === 'lis') add('device-to-pc', 'end', '04');
  return elements;
}

/**
 * Sessions without end, ready to be written as files: complete, `pending`, never tried.
 * @param random chance in [0, 1): the same sequence gives the same sessions. Ids come from it too: two programs that fill
 *   one folder need different ones.
 * @param now unix ms, asked once a session: its end.
 */
export function* sampleSessions({ random, now }: { random: Random; now: () => number }): Generator<SessionFile, never> {
  let counter = 0;
  let controlNumber = wholeBetween(random, 1, 900) * 1000;
  const nextControlId = () => `DEMO${(controlNumber += 1)}`;
  for (;;) {
    for (const kind of shuffled(random, deck)) {
      counter += 1;
      const savedAt = Math.floor(now());
      const senderFor = (device: Device): Sender => ({ device, random, timeMs: savedAt, nextControlId });
      const exchange = exchangeOf(kind, random, senderFor);
      const relative = elementsOf(exchange, 0, senderFor);
      const duration = relative.at(-1)?.timestamp ?? 0;
      const startTime = Math.max(0, savedAt - duration);
      yield {
        _version: 1,
        _saved_at: savedAt,
        id: uuidV7(
          startTime,
          Uint8Array.from({ length: 10 }, () => wholeBetween(random, 0, 255)),
        ),
        sessionId: counter,
        startTime,
        endTime: startTime + duration,
        deviceIP: exchange.device.address,
        lisIP: lisAddress,
        elements: relative.map((element) => Object.assign(element, { timestamp: startTime + element.timestamp })),
        messages: exchange.messages.map(({ message }) => message.text),
        isComplete: true,
        persistedUntil: savedAt + retentionMs,
        submissionStatus: 'pending',
        submissionAttempts: 0,
        submissionHistory: [],
      };
    }
  }
}
