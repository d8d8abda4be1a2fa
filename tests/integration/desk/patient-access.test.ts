/**
 * The list of accesses to patient fields, on real files.
 */
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { PatientAccessLog } from '../../../src/service/desk/patient-access.ts';

const folder = () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'hl7-courier-desk-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  return { dataDir, path: join(dataDir, 'desk', 'patient-access.jsonl') };
};
const entry = (index: number) => ({ at: index, sessionId: `s${index % 7}`, counter: index, action: 'shown' as const });

test('the latest 200 are answered, the latest first, of one session if asked for', async () => {
  const { dataDir, path } = folder();
  const log = new PatientAccessLog({ dataDir });
  expect(await log.list()).toEqual([]);
  await Promise.all(Array.from({ length: 300 }, (_, index) => log.record(entry(index))));
  const all = await log.list();
  expect([all.length, all[0], all.at(-1)]).toEqual([200, entry(299), entry(100)]);
  expect((await log.list('s3')).every(({ sessionId }) => sessionId === 's3')).toBe(true);
  expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
  await log.close();
  await log.close();
});

test('a restart goes on where the last one ended, and a line that a crash cut short costs no other', async () => {
  const { dataDir, path } = folder();
  const before = new PatientAccessLog({ dataDir });
  await before.record(entry(1));
  await before.close();
  appendFileSync(path, '{"at":2,"sess');
  const after = new PatientAccessLog({ dataDir });
  await after.record(entry(3));
  expect(await after.list()).toEqual([entry(3), entry(1)]);
  await after.close();
});

test('a file that grew large is put aside, and what is in it is still answered', async () => {
  const { dataDir, path } = folder();
  const log = new PatientAccessLog({ dataDir, rotateAtBytes: 300 });
  for (let index = 0; index < 8; index++) await log.record(entry(index));
  expect(readdirSync(join(dataDir, 'desk')).sort()).toEqual(['patient-access.1.jsonl', 'patient-access.jsonl']);
  expect(await log.list()).toHaveLength(8);
  expect(readFileSync(path, 'utf8').length).toBeLessThan(400);
  await log.close();
});

test('a list that cannot be read is refused with a reason, not answered as empty', async () => {
  const { dataDir, path } = folder();
  mkdirSync(path, { recursive: true });
  await expect(new PatientAccessLog({ dataDir }).list()).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER_UNUSABLE' });
});

test('what cannot be written is refused, and the next one is tried anew', async () => {
  const { dataDir, path } = folder();
  mkdirSync(path, { recursive: true });
  const log = new PatientAccessLog({ dataDir });
  await expect(log.record(entry(1))).rejects.toMatchObject({ code: 'ERR_STORE_WRITE_FAILED' });
  rmSync(path, { recursive: true });
  await log.record(entry(2));
  expect(await log.list()).toEqual([entry(2)]);
  await log.close();
});

test('many accesses are written down at once, or none of them', async () => {
  const { dataDir, path } = folder();
  const log = new PatientAccessLog({ dataDir });
  await log.record();
  await log.record(entry(1), entry(2), entry(3));
  expect(await log.list()).toEqual([entry(3), entry(2), entry(1)]);
  const before = readFileSync(path, 'utf8');
  const circular = { ...entry(4) } as Record<string, unknown>;
  circular['self'] = circular;
  await expect(log.record(entry(5), circular as never)).rejects.toMatchObject({ code: 'ERR_STORE_WRITE_FAILED' });
  expect(readFileSync(path, 'utf8')).toBe(before);
  await log.close();
});
