/**
 * How fast an import is, and how much memory it takes, beside tshark reading the same file.
 *   node tests/bench/import.bench.ts [MB] [--with-store-stub-only]
 * Two files of the same size: many small messages as analysers send them, and few large ones with embedded documents.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultSettings } from '../../src/common/settings.ts';
import { importFiles } from '../../src/service/capture/import-files.ts';
import { connection, defaultEnds, pcapBytes } from '../support/capture-writer.ts';

const megabytes = Number(process.argv[2] ?? 100);

if (process.argv[2] === '--read') await readOne(process.argv[3] ?? '');
else compareAll();

/** In a process of its own, so that the peak memory is this import's. */
async function readOne(path: string): Promise<void> {
  let messages = 0;
  let counter = 0;
  const startedAt = performance.now();
  const { files } = await importFiles([path], {
    add: async (session) => {
      messages += session.messages.length;
      return { added: true };
    },
    settings: defaultSettings,
    now: Date.now,
    nextCounter: () => (counter += 1),
  });
  const ms = performance.now() - startedAt;
  console.log(JSON.stringify({ messages, ms, gaps: files[0]?.gaps, peakRssMB: process.resourceUsage().maxRSS / 1024 }));
}

function compareAll(): void {
  const folder = mkdtempSync(join(tmpdir(), 'courier-bench-'));
  try {
    for (const { name, lines } of [
      { name: 'small messages (0.7 KB)', lines: 10 },
      { name: 'large messages (256 KB)', lines: 4000 },
    ]) {
      for (const size of [megabytes / 4, megabytes]) {
        const path = join(folder, 'bench.pcap');
        const sent = writeCapture(path, size * 1024 * 1024, lines);
        const ours = JSON.parse(spawnSync(process.execPath, [import.meta.filename, '--read', path], { encoding: 'utf8' }).stdout);
        if (ours.messages !== sent) throw new Error(`${sent} messages were written, ${ours.messages} read`);
        report(`${name}, ${size} MB, hl7-courier`, size, sent, ours.ms, `peak memory ${ours.peakRssMB.toFixed(0)} MB`);
        if (size !== megabytes) continue;
        const tsharkMs = readWithTshark(path);
        if (tsharkMs === null) console.log('tshark is not installed: nothing to compare with');
        else {
          report(`${name}, ${size} MB, tshark`, size, sent, tsharkMs, '');
          console.log(`  ${(tsharkMs / ours.ms).toFixed(1)} times tshark's rate`);
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function report(name: string, size: number, messages: number, ms: number, more: string): void {
  const seconds = ms / 1000;
  console.log(
    `${name}: ${seconds.toFixed(2)} s, ${(size / seconds).toFixed(1)} MB/s, ${(messages / seconds).toFixed(0)} messages/s ${more}`,
  );
}

function readWithTshark(path: string): number | null {
  const startedAt = performance.now();
  // Two passes of nothing but the dissectors that are needed to see messages.
  const result = spawnSync(
    'tshark',
    ['-r', path, '-d', 'tcp.port==2575,hl7', '-Y', 'hl7', '-T', 'fields', '-e', 'hl7.message.type'],
    {
      maxBuffer: 1024 * 1024 * 1024,
    },
  );
  return result.status === 0 ? performance.now() - startedAt : null;
}

/** Twenty devices in turn. @returns how many messages there are. */
function writeCapture(path: string, bytesMax: number, lines: number): number {
  const file = openSync(path, 'w');
  let bytes = 0;
  let messages = 0;
  let atMs = 1_700_000_000_000;
  bytes += writeSync(file, pcapBytes([]));
  for (let device = 0; bytes < bytesMax; device += 1) {
    const wire = connection(
      { ...defaultEnds, deviceIP: `10.1.${device % 20}.7`, devicePort: 20_000 + (device % 40_000) },
      { atMs },
    );
    wire.open();
    let wireBytes = 0;
    for (let count = 0; count < 200 && wireBytes < 4 * 1024 * 1024; count += 1) {
      const id = `${device}-${count}`;
      const results = Array.from(
        { length: lines },
        (_, index) => `OBX|${index}|NM|GLU^Glucose^L||${(index % 90) / 10}|mmol/L|3.9-6.1|N|||F\r`,
      );
      const message = `MSH|^~\\&|DEV|LAB|LIS|LAB|20240101120000||ORU^R01|${id}|P|2.5\rPID|1||123\r${results.join('')}`;
      wire.send('device', Buffer.from(`\u000b${message}\u001c\r`));
      wire.send('lis', Buffer.from(`\u000bMSH|^~\\&|LIS|LAB|DEV|LAB|20240101120001||ACK|A${id}|P|2.5\rMSA|AA|${id}\r\u001c\r`));
      wireBytes += message.length;
      messages += 1;
    }
    wire.close();
    const packets = pcapBytes(wire.packets()).subarray(24);
    atMs += 60_000;
    bytes += writeSync(file, packets);
  }
  closeSync(file);
  return messages;
}
