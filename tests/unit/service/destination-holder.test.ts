/**
 * The destination while its certificate files are being written: half a change is never used.
 */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { defaultSettings } from '../../../src/common/settings.ts';
import type { Destination } from '../../../src/service/delivery/destination.ts';
import { DestinationHolder } from '../../../src/service/destination-holder.ts';
import { Problems } from '../../../src/service/problems.ts';

const { made } = vi.hoisted(() => ({ made: { whileRead: () => {}, count: 0, closed: [] as string[] } }));
vi.mock('../../../src/service/delivery/destination.ts', () => ({
  makeDestination(): Partial<Destination> {
    made.whileRead();
    const key = `made ${(made.count += 1)}`;
    return { key, close: () => void made.closed.push(key) };
  },
}));

test('a file that changes while it is read is read again at the next look', () => {
  const folder = mkdtempSync(join(tmpdir(), 'courier-holder-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const submissionCaFile = join(folder, 'ca.pem');
  writeFileSync(submissionCaFile, 'first');
  const problems = new Problems(Date.now, () => {});
  const holder = new DestinationHolder({ ...defaultSettings, submissionCaFile }, {}, problems);
  expect([holder.look(), holder.current?.key]).toEqual([false, 'made 1']);

  writeFileSync(submissionCaFile, 'second, first half');
  made.whileRead = () => appendFileSync(submissionCaFile, ', second half');
  expect([holder.look(), holder.current?.key, made.closed]).toEqual([false, 'made 1', ['made 2']]);
  made.whileRead = () => {};
  expect([holder.look(), holder.current?.key, made.closed]).toEqual([true, 'made 3', ['made 2', 'made 1']]);
  expect([holder.look(), made.count]).toEqual([false, 3]);
});
