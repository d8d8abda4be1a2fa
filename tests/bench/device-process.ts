/**
 * Devices and their LIS for the live capture: MLLP over loopback, each message acknowledged before the next on its line.
 *   sends { port }; told { messages, perSecond } it sends them, then answers { sent }
 * May import: node.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { messageNamed } from './bench-sessions.ts';

const [startByte, end] = ['\u000b', '\u001c\r'];
const devices = 10;

const lis = createServer((socket) => {
  let text = '';
  socket.setNoDelay(true).setEncoding('latin1');
  socket.on('error', () => {});
  socket.on('data', (chunk: string) => {
    text += chunk;
    for (let at = text.indexOf(end); at >= 0; at = text.indexOf(end)) {
      const controlId = text.split('|', 10)[9] ?? '';
      text = text.slice(at + end.length);
      socket.write(
        `${startByte}MSH|^~\\&|LIS|HOSP|XN-1000|LAB|20260101120000||ACK|${controlId}|P|2.5.1\rMSA|AA|${controlId}\r${end}`,
      );
    }
  });
});
lis.listen(0, '127.0.0.1', () => process.send?.({ port: (lis.address() as AddressInfo).port }));

process.on('message', ({ messages, perSecond }: { messages: number; perSecond: number }) => void talk(messages, perSecond));
process.on('disconnect', () => process.exit());

async function talk(messages: number, perSecond: number): Promise<void> {
  const { port } = lis.address() as AddressInfo;
  let next = 0;
  const speak = async () => {
    const line = connect(port, '127.0.0.1').setNoDelay(true);
    while (next < messages) {
      const number = next;
      next += 1;
      await exchange(line, `${startByte}${messageNamed(`live${number}`, 1500)}${end}`);
      await pause((devices * 1000) / perSecond);
    }
    line.end();
  };
  await Promise.all(Array.from({ length: devices }, speak));
  process.send?.({ sent: messages });
}

/** Resolves with the end of the answer. */
function exchange(line: Socket, frame: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const take = (chunk: Buffer) => {
      if (!chunk.includes(end)) return;
      line.off('data', take).off('error', reject);
      resolve();
    };
    line.on('data', take).once('error', reject);
    line.write(frame, 'latin1');
  });
}
