/**
 * `import` and `cleanup` as real processes, beside a running service and without one.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCourier, setOptions, startService, until } from '../../support/courier-process.ts';
import { startEndpoint } from '../../support/scripted-endpoint.ts';
import { dropSession, makeDataDir, patientName, readStored, statusCounts } from '../../support/session-folder.ts';

const message = (id: number) =>
  [
    'MSH|^~\\&|CHEM-1|LAB|LIS|H|2026112410000' + id + '||ORU^R01|' + id + '|P|2.5',
    'PID|1||42||' + patientName,
    'OBX|1|NM|GLU||5.' + id,
    '',
  ].join('\r');

function hl7File(dataDir: string, name: string, count: number): string {
  const path = join(dataDir, name);
  writeFileSync(path, Array.from({ length: count }, (_, index) => message(index)).join('\n'));
  return path;
}

describe('import', { concurrent: true }, () => {
  test('reads every message once; a second time adds nothing and says so', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const path = hl7File(dataDir, 'results.hl7', 3);
    const first = await runCourier(['import', '--data-dir', dataDir, path]);
    expect({ code: first.code, stdout: first.stdout }).toEqual({ code: 0, stdout: '' });
    expect(first.stderr).toContain('3 sessions, 3 added');
    expect(statusCounts(dataDir)).toEqual({ pending: 3 });
    const second = await runCourier(['import', '--data-dir', dataDir, path]);
    expect(second.stderr).toContain('3 of them imported before, 0 added');
    expect(statusCounts(dataDir)).toEqual({ pending: 3 });
    expect(first.stderr + second.stderr).not.toContain(patientName);
  });

  test('a file that cannot be read is named, the others are imported, exit 1', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const path = hl7File(dataDir, 'results.hl7', 2);
    const { code, stderr } = await runCourier(['import', '--data-dir', dataDir, join(dataDir, 'nowhere.pcap'), path]);
    expect(code).toBe(1);
    expect(stderr).toContain('nowhere.pcap: It could not be read (ENOENT)');
    expect(statusCounts(dataDir)).toEqual({ pending: 2 });
  });

  test('beside a running service what is imported is delivered at once', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    const service = await startService(dataDir, setOptions({ submissionEndpoint: endpoint.url }));
    const { code } = await runCourier(['import', '--data-dir', dataDir, hl7File(dataDir, 'results.hl7', 2)]);
    expect(code).toBe(0);
    await until('both are delivered', () => statusCounts(dataDir)['submitted'] === 2, 30_000);
    await service.stop();
  });
});

describe('cleanup', { concurrent: true }, () => {
  const old = { persistedUntil: 1, submissionStatus: 'submitted', submittedAt: 1 };

  test('reports in a dry run, then moves what is delivered and past its time, and nothing else', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    dropSession(dataDir, 'done', 0, old);
    dropSession(dataDir, 'failed', 1, { persistedUntil: 1, submissionStatus: 'failed' });
    const tried = await runCourier(['cleanup', '--data-dir', dataDir, '--dry-run', '--json']);
    expect(tried.code).toBe(0);
    expect(JSON.parse(tried.stdout)).toMatchObject({ filesDeleted: 1, filesInTrash: 0, dryRun: true });
    expect(statusCounts(dataDir)).toEqual({ submitted: 1, failed: 1 });
    const done = await runCourier(['cleanup', '--data-dir', dataDir, '--json']);
    expect(JSON.parse(done.stdout)).toMatchObject({ filesDeleted: 1, filesPurged: 0, filesInTrash: 1, dryRun: false });
    expect(statusCounts(dataDir)).toEqual({ failed: 1 });
    expect(readStored(dataDir, 'failed').submissionStatus).toBe('failed');
    expect(readdirSync(join(dataDir, 'trash'))).toHaveLength(1);
  });

  test('beside a running service it is that service that cleans up', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    dropSession(dataDir, 'done', 0, old);
    const service = await startService(dataDir);
    const refused = await runCourier(['cleanup', '--data-dir', dataDir, '--set', 'trashDays=1']);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--set has no effect on the service that runs') });
    const { code, stdout } = await runCourier(['cleanup', '--data-dir', dataDir, '--json']);
    expect({ code, summary: JSON.parse(stdout) }).toMatchObject({ code: 0, summary: { filesDeleted: 1, filesInTrash: 1 } });
    await service.stop();
  });
});
