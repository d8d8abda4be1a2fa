/**
 * The live capture on loopback: dumpcap for real, with @medplum/hl7 as an independent sender and receiver. What needs
 * dumpcap or the right to capture says why when it cannot run.
 */
import { Hl7Client, Hl7Server } from '@medplum/hl7';
import { Hl7Message } from '@medplum/core';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { SessionFile } from '../../../src/common/session.ts';
import { defaultSettings, type Settings } from '../../../src/common/settings.ts';
import { captureService, type CaptureService } from '../../../src/service/capture/capture-service.ts';
import { importFiles } from '../../../src/service/capture/import-files.ts';
import { listInterfaces } from '../../../src/service/capture/network-interfaces.ts';
import { connection, pcapBytes } from '../../support/capture-writer.ts';
import { ack, enq, eot, hl7, lisFrame, mllp } from '../../support/capture-session.ts';
import { loopback, whyNoLiveCapture, whyNoTshark } from '../../support/dumpcap.ts';

const reason = whyNoLiveCapture();
if (reason !== null) console.log(`Live capture is not tested: ${reason}.`);
const tsharkReason = whyNoTshark();
if (tsharkReason !== null) console.log(`The comparison with tshark is not made: ${tsharkReason}.`);

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

function live(settings: Partial<Settings>, options: Partial<Parameters<typeof captureService>[0]> = {}) {
  const sessions: SessionFile[] = [];
  const writtenAt: number[] = [];
  let counter = 0;
  const service = captureService({
    settings: { ...defaultSettings, captureInterface: loopback, ...settings },
    store: {
      add: async (session) => {
        sessions.push(session);
        writtenAt.push(Date.now());
      },
    },
    log: { info: () => {}, warn: () => {}, error: () => {} },
    now: Date.now,
    random: Math.random,
    nextCounter: () => (counter += 1),
    ...options,
  });
  cleanUps.push(() => service.close());
  return { service, sessions, writtenAt };
}

const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), { timeout: 60_000, interval: 20 });
const capturing = (service: CaptureService) => until(() => service.status().state === 'capturing');

async function medplumServer(received: string[]) {
  const server = new Hl7Server((peer) => {
    peer.addEventListener('message', ({ message }) => {
      received.push(message.toString());
      peer.send(message.buildAck());
    });
  });
  await server.start(0);
  cleanUps.push(() => server.stop({ forceDrainTimeoutMs: 10 }));
  const address = server.server?.address() as AddressInfo | undefined;
  return { server, port: address?.port ?? 0 };
}

async function lisServer(onData: (socket: Socket, data: Buffer) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', (data) => onData(socket, data));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** Sends parts, each after the answer to the one before. */
async function speak(port: number, parts: readonly Buffer[]): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  cleanUps.push(async () => socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve));
  for (const part of parts) {
    socket.write(part);
    if (!part.equals(eot)) await new Promise((resolve) => socket.once('data', resolve));
  }
  return socket;
}

describe.skipIf(reason !== null)('on loopback', () => {
  test('what an independent sender and receiver exchange is captured byte by byte, within 2 seconds and while they go on', async () => {
    const received: string[] = [];
    const { port } = await medplumServer(received);
    const { service, sessions, writtenAt } = live({ capturePorts: [port] });
    await capturing(service);
    const client = new Hl7Client({ host: '127.0.0.1', port });
    const sent: string[] = [];
    const answers: string[] = [];
    for (let index = 0; index < 20; index += 1) {
      const message = Hl7Message.parse(hl7(`M${index}`, `OBX|1|TX|N||${'äöü€ '.repeat(index * 200)}\r`));
      sent.push(message.toString());
      // Its own copy of @medplum/core has the same class under another name.
      answers.push((await client.sendAndWait(message as unknown as Parameters<typeof client.sendAndWait>[0])).toString());
    }
    // Nothing more on the wire pushes the last one out.
    await until(() => sessions.length === 20);
    await client.close();
    expect(sessions.flatMap(({ messages }) => messages)).toEqual(sent);
    expect(received).toEqual(sent);
    expect(sessions.map(({ elements }) => elements.map(({ type, direction }) => `${direction} ${type}`))).toEqual(
      sent.map(() => ['device-to-pc message', 'pc-to-device ack']),
    );
    expect(sessions.map(({ elements }) => elements[1]?.content)).toEqual(answers);
    expect(
      sessions.every(({ isComplete, deviceIP, lisIP }) => isComplete && deviceIP === '127.0.0.1' && lisIP === '127.0.0.1'),
    ).toBe(true);
    // A machine with much to do holds up some of them; what were kept back on purpose would hold up every one.
    expect(Math.min(...sessions.map(({ endTime }, index) => (writtenAt[index] ?? 0) - endTime))).toBeLessThan(2000);
    expect(service.status()).toMatchObject({ state: 'capturing', interface: loopback, gaps: 0 });
  });

  test('a LIS style session with a refused frame is captured', async () => {
    let answers = 0;
    const port = await lisServer((socket, data) => {
      if (data[0] === 4) return;
      answers += 1;
      socket.write(answers === 2 ? Buffer.from([0x15]) : ack);
    });
    const { service, sessions } = live({ capturePorts: [port] });
    await capturing(service);
    await speak(port, [enq, lisFrame(hl7('1')), lisFrame(hl7('1')), lisFrame(hl7('2')), eot]);
    await until(() => sessions.length === 1);
    expect(sessions[0]).toMatchObject({ messages: [hl7('1'), hl7('2')], isComplete: true });
    expect(sessions[0]?.elements.map(({ type }) => type)).toEqual([
      'start',
      'ack',
      'fragment',
      'ack',
      'message',
      'ack',
      'message',
      'ack',
      'end',
    ]);
  });

  test('a pause records nothing, and what was open ends incomplete with a gap', async () => {
    const port = await lisServer((socket) => socket.write(ack));
    const { service, sessions } = live({ capturePorts: [port] });
    await capturing(service);
    const socket = await speak(port, [enq, lisFrame(hl7('1'))]);
    // Packets come in the order of the wire: what was said before this one has been seen too.
    await speak(port, [enq, lisFrame(hl7('0')), eot]);
    await until(() => sessions.length === 1);
    expect(service.pause()).toBe(true);
    socket.write(lisFrame(hl7('2')));
    await until(() => sessions.length === 2);
    expect(sessions[1]).toMatchObject({
      messages: [hl7('1')],
      isComplete: false,
      captureGaps: [{ timestamp: expect.any(Number) }],
    });
    await speak(port, [enq, lisFrame(hl7('3')), eot]);
    expect(service.resume()).toBe(true);
    await capturing(service);
    await speak(port, [enq, lisFrame(hl7('4')), eot]);
    await until(() => sessions.length === 3);
    expect(sessions[2]?.messages).toEqual([hl7('4')]);
  });

  test('a tool that is killed is started again, and the time between is a gap', async () => {
    const port = await lisServer((socket) => socket.write(ack));
    const { service, sessions } = live({ capturePorts: [port] });
    await capturing(service);
    const pids = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)])
      .toString()
      .split('\n')
      .filter((line) => line.includes('dumpcap') && line.includes(`tcp port ${port}`))
      .map((line) => Number.parseInt(line, 10));
    expect(pids).toHaveLength(1);
    // Heard as it happens: after a second it starts again.
    const { promise: failed, resolve: fail } = Promise.withResolvers<ReturnType<typeof service.status>>();
    service.actor.subscribe(({ value }) => value === 'failed' && fail(service.status()));
    process.kill(pids[0] ?? 0, 'SIGKILL');
    expect(await failed).toMatchObject({ gaps: 1, reason: expect.stringContaining('dumpcap ended by itself') });
    await capturing(service);
    await speak(port, [enq, lisFrame(hl7('1')), eot]);
    await until(() => sessions.length === 1);
    expect(service.status()).not.toHaveProperty('reason');
  });

  test('another port is looked at without a restart, and without an interface nothing is', async () => {
    const port = await lisServer((socket) => socket.write(ack));
    const settings = { ...defaultSettings, captureInterface: loopback };
    const { service, sessions } = live(settings);
    await capturing(service);
    service.applySettings({ ...settings, retentionDays: 5, capturePorts: [port] });
    expect(service.status().state).toBe('starting');
    await capturing(service);
    await speak(port, [enq, lisFrame(hl7('1')), eot]);
    await until(() => sessions.length === 1);
    expect(sessions[0]?.persistedUntil).toBe((sessions[0]?.endTime ?? 0) + 5 * 86_400_000);
    service.applySettings({ ...settings, captureInterface: '' });
    expect(service.status()).toMatchObject({ state: 'stopped' });
    expect(service.start()).toBe(false);
  });

  test('an interface that is not there is named, with what to do', async () => {
    const { service } = live({ captureInterface: 'nosuch0' });
    await until(() => service.status().state === 'failed');
    expect(service.status().reason).toBe(
      'There is no network interface "nosuch0" to capture on: choose one of those that the settings list, or switch it on.',
    );
  });

  test('interfaces are listed by name', async () => {
    const listed = await listInterfaces();
    expect(listed.map(({ name }) => name)).toContain(loopback);
  });
});

/** A stand-in for the tool, whose packets are of now as a real one's are: says what it is told, then stays. */
const tool = (bytes: Buffer, { exit = false, said = '' } = {}) =>
  `process.stderr.write(${JSON.stringify(said)}); process.stdout.write(Buffer.from('${bytes.toString('base64')}', 'base64')); ${exit ? '' : 'setInterval(() => {}, 1000);'}`;

describe('with a stand-in for the tool', () => {
  const spawnStandIn = async (script: string) => {
    const { spawn } = await import('node:child_process');
    return () => spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  };
  const oneSession = () => {
    const wire = connection(undefined, { atMs: Date.now() });
    wire.open();
    wire.send('device', Buffer.concat([enq, lisFrame(hl7('1')), eot]));
    return pcapBytes(wire.packets());
  };

  test('a tool that is not installed is said to be missing, with what to do on this system', async () => {
    const { spawn } = await import('node:child_process');
    const { service } = live(
      {},
      { platform: 'darwin', spawn: () => spawn('/no/such/dumpcap', [], { stdio: ['ignore', 'pipe', 'pipe'] }) },
    );
    await until(() => service.status().state === 'failed');
    expect(service.status().reason).toBe(
      'The capture tool dumpcap was not found: install Wireshark from wireshark.org, which brings it.',
    );
    expect(service.pause()).toBe(true);
    expect(service.stop()).toBe(true);
  });

  test('packets that the tool dropped are a gap', async () => {
    const said = "Packets received/dropped on interface 'eth0': 100/7 (pcap:7)\n";
    const { service, sessions } = live({}, { spawn: await spawnStandIn(tool(oneSession(), { exit: true, said })) });
    await until(() => sessions.length === 1 && service.status().gaps >= 2);
    expect(service.status().lastGapAt).toBeGreaterThan(0);
  });

  test('a session that the disk refuses is kept and written when it can be', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    cleanUps.push(async () => vi.useRealTimers());
    const written: string[] = [];
    let refusals = 0;
    const { service } = live(
      {},
      {
        spawn: await spawnStandIn(tool(oneSession())),
        store: {
          add: async ({ id }) => {
            if (refusals < 2) {
              refusals += 1;
              throw new Error('disk full');
            }
            written.push(id);
          },
        },
      },
    );
    const tick = () => new Promise((resolve) => setImmediate(resolve));
    while (written.length === 0) {
      await tick();
      vi.advanceTimersByTime(100);
    }
    expect([refusals, written.length, service.status().state]).toEqual([2, 1, 'capturing']);
  });

  test('what was open when the tool died ends incomplete when the capture is stopped or changed', async () => {
    const wire = connection(undefined, { atMs: Date.now() });
    wire.open();
    wire.send('device', Buffer.concat([enq, lisFrame(hl7('1'))]));
    const spawn = await spawnStandIn(tool(pcapBytes(wire.packets()), { exit: true }));
    const first = live({}, { spawn });
    await until(() => first.service.status().state === 'failed');
    expect(first.service.stop()).toBe(true);
    await until(() => first.sessions.length === 1);
    expect(first.sessions[0]).toMatchObject({ messages: [hl7('1')], isComplete: false });
    const second = live({}, { spawn });
    await until(() => second.service.status().state === 'failed');
    second.service.applySettings({ ...defaultSettings, captureInterface: loopback });
    second.service.applySettings({ ...defaultSettings, captureInterface: loopback, capturePorts: [1] });
    await until(() => second.sessions.length === 1);
    expect(second.sessions[0]).toMatchObject({ messages: [hl7('1')], isComplete: false });
  });

  test('while the disk cannot keep up the tool is left unread, and nothing is lost', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'courier-live-'));
    cleanUps.push(() => rm(folder, { recursive: true }));
    const wire = connection(undefined, { atMs: Date.now() });
    wire.open();
    const large = `NTE|1||${'x'.repeat(4 * 1024 * 1024)}\r`;
    for (let count = 0; count < 6; count += 1)
      wire.send('device', Buffer.concat([enq, lisFrame(hl7(String(count), large)), eot]), 60_000);
    const path = join(folder, 'a.pcap');
    await writeFile(path, pcapBytes(wire.packets()));
    const script = `require('fs').createReadStream(${JSON.stringify(path)}).pipe(process.stdout); setInterval(() => {}, 1000);`;
    const writes: (() => void)[] = [];
    const warnings: string[] = [];
    const written: number[] = [];
    live(
      {},
      {
        spawn: await spawnStandIn(script),
        log: { info: () => {}, error: () => {}, warn: (_, message) => warnings.push(message) },
        store: {
          add: ({ messages }) => new Promise<void>((resolve) => writes.push(() => resolve(void written.push(messages.length)))),
        },
      },
    );
    await until(() => warnings.some((warning) => warning.includes('cannot keep up')));
    const release = setInterval(() => writes.splice(0).forEach((write) => write()), 10);
    cleanUps.push(async () => clearInterval(release));
    await until(() => written.length === 6);
    expect(warnings.at(-1)).toContain('keeps up again');
  });

  test('a stream that makes no sense ends the run, and the next one begins anew', async () => {
    const { service } = live({}, { spawn: await spawnStandIn(tool(Buffer.from('this is no capture'))) });
    await until(() => service.status().state === 'failed');
    expect(service.status().reason).toContain('ended by itself');
    expect(service.start()).toBe(true);
  });
});

describe.skipIf(tsharkReason !== null)('beside tshark', () => {
  test('its MLLP dissector finds the same messages in the same file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'courier-tshark-'));
    cleanUps.push(() => rm(folder, { recursive: true }));
    const wire = connection();
    wire.open();
    for (let index = 0; index < 50; index += 1)
      wire.send('device', mllp(hl7(`M${index}`, `OBX|1|TX|N||${'x'.repeat(index * 100)}\r`)), 700);
    wire.close();
    const path = join(folder, 'a.pcap');
    await writeFile(path, pcapBytes(wire.packets()));
    const fields = execFileSync('tshark', [
      '-r',
      path,
      '-d',
      'tcp.port==2575,hl7',
      '-Y',
      'hl7',
      '-T',
      'fields',
      '-e',
      'hl7.message.type',
      '-e',
      'tcp.reassembled.length',
      '-e',
      'hl7.event.type',
    ]);
    const found = fields.toString().trim().split('\n');
    const sessions: SessionFile[] = [];
    await importFiles([path], {
      add: async (session) => ({ added: sessions.push(session) > 0 }),
      settings: defaultSettings,
      now: Date.now,
      nextCounter: () => sessions.length,
    });
    expect(sessions).toHaveLength(50);
    expect(found.length).toBe(50);
    // Where tshark had to put segments together, it says how long the block was.
    const lengths = found.flatMap((line) => line.split('\t')[1] || []).map(Number);
    const ours = sessions.map(({ elements }) => (elements[0]?.hexData.length ?? 0) / 2 + 3);
    for (const length of lengths) expect(ours).toContain(length);
  });
});
