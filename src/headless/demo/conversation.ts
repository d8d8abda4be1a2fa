/**
 * A simulated analyser and a simulated laboratory system that talk over real sockets on this computer, MLLP or LIS
 * style, so that a capture has something to hear.
 *   connect -> each element of a session by the end that says it, the other end waits for it -> end
 * May import: node, src/common.
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { SessionElement, SessionFile } from '../../common/session.ts';

const carriageReturn = 0x0d;
const framed = {
  mllpStart: Buffer.from([0x0b]),
  mllpEnd: Buffer.from([0x1c, 0x0d]),
  stx: Buffer.from([0x02]),
  frameEnd: Buffer.from([0x0d, 0x0a]),
};

export interface LaboratorySystem {
  port: number;
  /** Lets a device connect and say a whole session; resolves when both ends have heard everything. */
  talk(session: SessionFile): Promise<void>;
  close(): Promise<void>;
}

/** Listens on any free port of the loopback interface. */
export async function startLaboratorySystem(): Promise<LaboratorySystem> {
  const server: Server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async talk(session) {
      const accepted = once(server, 'connection') as Promise<[Socket]>;
      const device = connect(port, '127.0.0.1');
      const [[laboratory]] = await Promise.all([accepted, once(device, 'connect')]);
      try {
        const isLis = session.elements[0]?.type === 'start';
        for (const element of session.elements) {
          const [from, to] = element.direction === 'device-to-pc' ? [device, laboratory] : [laboratory, device];
          await say(from, to, bytesOf(element, isLis));
        }
      } finally {
        device.destroy();
        laboratory.destroy();
      }
    },
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

/** What goes over the wire for an element. */
function bytesOf({ type, hexData }: SessionElement, isLis: boolean): Buffer {
  const payload = Buffer.from(hexData, 'hex');
  if (!isLis) return Buffer.concat([framed.mllpStart, payload, framed.mllpEnd]);
  if (type !== 'message') return payload;
  // The frame ends with CR LF: a CR that ends the message is the frame's.
  return Buffer.concat([framed.stx, payload.at(-1) === carriageReturn ? payload.subarray(0, -1) : payload, framed.frameEnd]);
}

/** Writes and waits until the other end has read as much. */
async function say(from: Socket, to: Socket, bytes: Buffer): Promise<void> {
  const heard = new Promise<void>((resolve, reject) => {
    let count = 0;
    const onData = (chunk: Buffer) => {
      count += chunk.length;
      if (count < bytes.length) return;
      to.off('data', onData);
      to.off('close', onClose);
      resolve();
    };
    const onClose = () => reject(new Error('the connection ended in the middle of a message'));
    to.on('data', onData);
    to.once('close', onClose);
  });
  from.write(bytes);
  await heard;
}
