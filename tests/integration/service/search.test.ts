/**
 * Finding a result by what an operator has in hand, on a real service over a real folder; and that nothing of it leaves the
 * index's memory.
 */
import { expect, onTestFinished, test } from 'vitest';
import { setOptions, startService, until } from '../../support/courier-process.ts';
import { readEvents } from '../../support/event-reader.ts';
import { contentsOf, dropSession, makeDataDir } from '../../support/session-folder.ts';

type Page = { total: number; sessions: { sessionId: string }[] };
const result = (order: string, ...segments: string[]) =>
  [`MSH|^~\\&|CHEM-1|LAB|LIS|HOSP|20260101120000||ORU^R01|CONTROL-${order}|P|2.5.1`, ...segments, ''].join('\r');
const messages = [
  result(
    'A',
    'PID|1||PAT-4711^^^HOSP^MR||ZUCKERMÄNDL^ANNA',
    'ORC|RE|PLACER-31',
    'SPM|1|BARCODE-2600000007',
    'OBX|1|NM|GLU^Glukose^L||7.1',
  ),
];

test('a result is found by barcode, order, patient and test, after every kind of write', { timeout: 60_000 }, async () => {
  const dataDir = makeDataDir();
  dropSession(dataDir, 's1', 0, { messages });
  dropSession(dataDir, 's2', 1, { messages: [result('B', 'PID|1||PAT-0815||MUSTER^ANNA', 'OBX|1|NM|GLU^Glukose^L||5')] });
  const service = await startService(dataDir, setOptions({ logLevel: 'error' }));
  try {
    const found = async (text: string) => {
      const { body } = await service.api<Page>('getSessions', { filter: { text } });
      return body.sessions.map(({ sessionId }) => sessionId).sort();
    };
    await until('both are known', async () => (await found('anna')).length === 2);
    const ofFirst = ['barcode-2600000007', '26000', 'placer-31', 'PAT-4711', 'anna zuckermandl', 'Zuckermändl^Anna', 'CONTROL-A'];
    const allFind = async () => {
      for (const text of ofFirst) expect(await found(text), text).toEqual(['s1']);
    };
    await allFind();
    expect(await found('glukose anna')).toEqual(['s1', 's2']);
    expect(await found('muster glukose 0815')).toEqual(['s2']);
    expect(await found('anna potassium')).toEqual([]);
    // What the recorder writes, the trash takes and gives back, is found as before.
    await service.api('ignoreSession', { filter: { text: 'barcode-2600000007' } });
    await allFind();
    await service.api('restoreSession', { sessionId: 's1' });
    await allFind();
    await service.api('deleteSession', { filter: { text: 'PLACER-31' } });
    expect(await found('anna')).toEqual(['s2']);
    await service.api('restoreSession', { sessionId: 's1' });
    await allFind();
  } finally {
    await service.stop();
  }
});

test(
  'what is searched is on no disk but in the session, and in no answer, event, log line or figure',
  { timeout: 60_000 },
  async () => {
    const dataDir = makeDataDir();
    dropSession(dataDir, 's1', 0, { messages, submissionStatus: 'failed', submissionError: 'HTTP 422' });
    const service = await startService(dataDir, setOptions({ logLevel: 'debug' }));
    const events = await readEvents(service, onTestFinished);
    let said = '';
    try {
      const filter = { text: 'zuckermandl anna barcode-2600000007' };
      await until('it is known', async () => (await service.api<Page>('getSessions', { filter })).body.total === 1);
      for (const [name, payload] of [
        ['getSessions', { filter }],
        ['getSessions', { filter: { text: `zuckermandl ${'x'.repeat(300)}` } }],
        ['getSessions', { filter: { text: ['zuckermandl'] } }],
        ['startRetryJob', { filter }],
        ['ignoreSession', { filter }],
        ['restoreSession', { filter }],
        ['retrySubmission', { filter }],
        ['getStatus', {}],
        ['getDevices', {}],
        ['getFacets', {}],
        ['getCauses', {}],
        ['getRetryJobs', {}],
        ['getTransitions', {}],
        ['getActivity', { span: '1h' }],
        ['triggerSubmissionNow', {}],
        ['deleteSession', { filter }],
        ['restoreSession', { sessionId: 's1' }],
        ['getLog', {}],
      ] as const)
        said += (await service.api(name, payload)).text;
      const headers = { authorization: `Bearer ${service.file.token}` };
      said += await (await fetch(`${service.file.url}/metrics`, { headers })).text();
    } finally {
      const { stdout, stderr } = await service.stop();
      said += stdout + stderr + events.raw();
    }
    for (const [name, content] of Object.entries(contentsOf(dataDir))) if (!name.startsWith('sessions/')) said += content;
    expect(said).toContain('s1');
    expect(said).not.toMatch(/zuckerm|anna|pat-4711|barcode|placer|control-a|glukose/i);
  },
);
