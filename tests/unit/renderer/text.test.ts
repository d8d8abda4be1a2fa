/** What the console says and hides: times, counts, patient fields, hostile text, filters. */
import { STATUS_CODES } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { SessionSummary } from '../../../src/common/contract.ts';
import * as format from '../../../src/renderer/model/format.ts';
import { lightsOf } from '../../../src/renderer/model/lights.ts';
import { alarmOf, causeText, kindOf } from '../../../src/renderer/model/reasons.ts';
import { filterOf, sortOf } from '../../../src/renderer/model/session-filter.ts';
import { visible } from '../../../src/renderer/model/visible.ts';
import { eventWord, stateOf, statusTexts, wordOf } from '../../../src/renderer/model/words.ts';
import { segmentsOf } from '../../../src/renderer/sessions/hl7.ts';
import { bytesOf, linesOf, maskedFile, withoutForeign } from '../../../src/renderer/sessions/patient.ts';
import { causesOf, fileOf, sessionsOf, statusOf } from '../../support/scripted-data.ts';

const now = Date.UTC(2026, 10, 2, 12, 0, 0);
const [summary] = sessionsOf('busy', now, 1) as [SessionSummary];
const message = 'MSH|^~\\&|CHEM-1|LAB\rPID|1||4711||DOE^JANE\rOBX|1|NM|GLU||5.4|mmol/L\rOBX|2|TX|COM||Jane called\rZZZ|own';

describe('times and figures', () => {
  test.each([
    [format.countdown(0), '0:00'],
    [format.countdown(4200), '0:05'],
    [format.countdown(192_000), '3:12'],
    [format.countdown(3_723_000), '1:02:03'],
    [format.countdown(95_563_000_000), '1106 d 1 h'],
    [format.countdown(-5), '0:00'],
    [format.duration(142), '142 ms'],
    [format.duration(1240), '1.24 s'],
    [format.duration(30_000), '30 s'],
    [format.duration(724_000), '12 min 4 s'],
    [format.duration(7_200_000), '2 h'],
    [format.duration(532_800_000), '6 d 4 h'],
    [format.ago(now, now), 'just now'],
    [format.ago(now - 4000, now), '4 s ago'],
    [format.ago(now - 720_000, now), '12 min ago'],
    [format.ago(now - 7_200_000, now), '2 h ago'],
    [format.ago(now - 950_400_000, now), '11 days ago'],
    [format.bytes(900), '900 bytes'],
    [format.bytes(4200), '4.2 KB'],
    [format.bytes(310_000_000), '310 MB'],
    [format.counted(1, 'session'), '1 session'],
    [format.shortId('0198c1aa-bbbb-7ccc-8ddd-eeeeeeee7e4d'), '0198c1…7e4d'],
    [format.shortId('short'), 'short'],
    [format.soFar(440), '0.4 s'],
    // Files of other programs may hold a time that no calendar does.
    [format.clock(9e15), '–'],
    [format.clockMs(9e15), '–'],
    [format.day(9e15, now), '–'],
    [format.moment(9e15, now), '–'],
    [format.since(9e15, now), '–'],
    [format.exact(9e15), '9000000000000000 ms: a time that no calendar holds'],
    [format.zone(9e15), format.zone(0)],
  ])('%s', (said, expected) => {
    expect(said).toBe(expected);
  });
});

describe('patient fields', () => {
  test('are not in a message that is not shown, and free text is not either', () => {
    expect(linesOf(message, false)).toEqual([
      { segment: 'MSH', text: 'MSH|^~\\&|CHEM-1|LAB', isHidden: false },
      { segment: 'PID', text: 'PID', isHidden: true },
      { segment: 'OBX', text: 'OBX|1|NM|GLU||5.4|mmol/L', isHidden: false },
      { segment: 'OBX', text: 'OBX|2|TX|COM||***', isHidden: false },
      { segment: 'ZZZ', text: 'ZZZ|own', isHidden: false },
    ]);
    expect(
      linesOf(message, true)
        .map(({ text }) => text)
        .join('\r'),
    ).toBe(message);
  });

  test('are hidden whole when the text is no HL7 message', () => {
    expect(linesOf('Jane Doe, born 1968', false)).toEqual([{ segment: '', text: '', isHidden: true }]);
  });

  test('are hidden among the bytes, framed lines included', () => {
    const shown = (text: string) =>
      bytesOf(Buffer.from(text).toString('hex'), false)
        .map((byte) => (byte < 0 ? '·' : String.fromCharCode(byte)))
        .join('');
    expect(shown('MSH|a\rPID|b\rOBX|c')).toBe('MSH|a\rPID··\rOBX··');
    expect(shown('2PID|b\r')).toBe('2PID··\r');
    expect(shown('plain words\r')).toBe('···········\r');
    expect(bytesOf('0506', true)).toEqual([5, 6]);
  });

  test('are not in an exported file that is masked', () => {
    const file = fileOf(summary, 'Jane called');
    const foreign = {
      ...file,
      patientName: 'JANE',
      submissionHistory: [{ at: 1, outcome: 'ignored', by: 'JANE' }],
    } as typeof file;
    expect(JSON.stringify([maskedFile(foreign), withoutForeign(foreign)])).not.toContain('JANE');
    expect(withoutForeign(file)).toEqual(file);
    const text = JSON.stringify(maskedFile(file));
    expect(text).toContain('PID|***');
    expect(text).not.toMatch(/MUSTERMANN|Jane|4711/);
  });

  test('are null in the tree, which names segments and fields with their positions', () => {
    const segments = segmentsOf(message, false);
    expect(segments?.map(({ segment, number }) => [segment, number])).toEqual([
      ['MSH', null],
      ['PID', null],
      ['OBX', 1],
      ['OBX', 2],
      ['ZZZ', null],
    ]);
    expect(segments?.[0]?.fields).toContainEqual({ position: 'MSH-3', name: 'Sending application', value: 'CHEM-1' });
    expect(segments?.[1]?.fields).toContainEqual({ position: 'PID-5', name: 'Patient name', value: null });
    expect(segments?.[2]?.fields).toContainEqual({ position: 'OBX-5', name: 'Observation value', value: '5.4' });
    expect(segments?.[3]?.fields).toContainEqual({ position: 'OBX-5', name: 'Observation value', value: null });
    expect(segmentsOf(message, true)?.[1]?.fields).toContainEqual({ position: 'PID-5', name: 'Patient name', value: 'DOE^JANE' });
    expect(segmentsOf('no message', true)).toBeNull();
  });
});

test('control and direction characters are seen as what they are', () => {
  expect(visible('a\u202Eb\u0007\u007F\u0085')).toBe('a[U+202E]b\u2407\u2421[U+0085]');
});

describe('states in words', () => {
  test('a wait counts down, and a service that says no state is read by its file', () => {
    expect(wordOf({ ...summary, state: 'backoffWait', nextAttemptAt: now + 4000 }, now).word).toBe('Retry in 0:04');
    const { state: _state, ...silent } = summary;
    expect(stateOf({ ...silent, submissionStatus: 'pending', submissionAttempts: 2 })).toBe('deferred');
    expect(stateOf({ ...silent, submissionStatus: 'pending', submissionAttempts: 0 })).toBe('ready');
    expect(stateOf({ ...silent, submissionStatus: 'failed' })).toBe('failed');
  });

  test.each([
    ['slot.granted', 'slot granted'],
    ['xstate.after.retryDelay.session.backoffWait', 'retry delay'],
    ['xstate.after.1500.worker.idle', 'after 1.5 s'],
    ['xstate.done.actor.0.worker.discovering', 'discovering done'],
    ['xstate.error.actor.recordAttempt', 'record attempt failed'],
    ['', 'at once'],
    ['some.newEvent', 'some new event'],
  ])('%s is "%s"', (event, word) => {
    expect(eventWord(event)).toBe(word);
  });

  test('four lights, each with a word', () => {
    const words = (scenario: 'healthy' | 'stopped' | 'empty') =>
      lightsOf(statusOf(scenario, now, sessionsOf(scenario, now, scenario === 'empty' ? 0 : 50))).map(({ word }) => word);
    expect(words('healthy')).toEqual(['Capturing', 'Healthy', 'Moving', 'Accepting']);
    expect(words('stopped')).toEqual(['Capturing', 'Healthy', 'Holding', 'Stopped']);
    expect(words('empty')).toEqual(['Off', 'Healthy', 'Empty', 'Not set']);
    const status = statusOf('healthy', now, []);
    expect(
      lightsOf({ ...status, disk: { state: 'low', freeBytes: 1e9 }, circuit: { state: 'halfOpen' } }).map(({ word }) => word),
    ).toEqual(['Capturing', 'Nearly full', 'Empty', 'Testing']);
    expect(lightsOf({ ...status, disk: { state: 'failing', freeBytes: 0 } })[1]?.word).toBe('Cannot save');
  });
});

describe('why nothing is sent', () => {
  test.each([
    [{ httpStatus: 401 }, 'credentials'],
    [{ httpStatus: 407 }, 'signIn'],
    [{ httpStatus: 404 }, 'address'],
    [{ httpStatus: 308 }, 'redirect'],
    [{ httpStatus: 503 }, 'busy'],
    [{ code: 'ENOTFOUND' }, 'name'],
    [{ code: 'ETIMEDOUT' }, 'timeout'],
    [{ code: 'CERT_HAS_EXPIRED' }, 'certificate'],
    [{ code: 'ECONNREFUSED' }, 'nobody'],
    [{ kind: 'refused', httpStatus: 422 }, 'refusals'],
    [{ kind: 'earlier' }, 'earlier'],
  ])('%o is told as %s, with a headline and something to do', (cause, kind) => {
    expect(kindOf(cause)).toBe(kind);
    const alarm = alarmOf({ state: 'open', cause: { kind: 'unavailable', ...cause } as never }, 'results.example.org', 30);
    expect(alarm.headline).toMatch(/^Delivery has stopped: /);
    expect(alarm.steps.length).toBeGreaterThan(0);
    expect(alarm.remedies.length).toBeGreaterThan(0);
  });

  test('every kind of cause has a title, a meaning and something to do', () => {
    const [any] = causesOf('busy', now);
    if (any === undefined) throw new Error('no cause');
    for (const kind of [
      'circuit',
      'refused',
      'usedUp',
      'unheard',
      'damaged',
      'unreadable',
      'quiet',
      'capture',
      'disk',
      'settings',
    ] as const)
      for (const code of ['ETIMEDOUT', 'ENOTFOUND', 'CERT_HAS_EXPIRED', 'ECONNRESET']) {
        const { httpStatus: _status, ...rest } = any;
        const text = causeText({ ...rest, kind, code }, now);
        for (const said of [text.title, text.tag, text.line, text.means, text.todo]) expect(said).not.toBe('');
      }
  });
});

describe('a filter in the address', () => {
  test('is read with its spans, and what is not valid is left out', () => {
    const query = new URLSearchParams(
      'text=chem&state=failed,nonsense,held&device=CHEM-1&type=ORU^R01&error=true&afterRetries=true&cause=circuit&captured=1h',
    );
    expect(filterOf(query, now)).toEqual({
      text: 'chem',
      state: ['failed', 'held'],
      device: 'CHEM-1',
      messageType: 'ORU^R01',
      hasError: true,
      afterRetries: true,
      causeId: 'circuit',
      from: now - 3_600_000,
    });
  });

  test('knows today, yesterday and given spans', () => {
    const midnight = new Date(now).setHours(0, 0, 0, 0);
    expect(filterOf(new URLSearchParams('captured=today'), now)).toEqual({ from: midnight });
    expect(filterOf(new URLSearchParams('captured=yesterday'), now).to).toBe(midnight);
    expect(filterOf(new URLSearchParams('from=2026-11-01T00:00Z&to=nonsense'), now)).toEqual({ from: Date.UTC(2026, 10, 1) });
  });

  test('sorts as asked, the newest first otherwise', () => {
    expect(sortOf(new URLSearchParams('sort=device'))).toEqual({ by: 'device', descending: false });
    expect(sortOf(new URLSearchParams('sort=-nonsense'))).toEqual({ by: 'startTime', descending: true });
  });
});

test('an answer has the words that the service writes into the session', () => {
  expect(statusTexts).toEqual(Object.fromEntries(Object.keys(statusTexts).map((status) => [status, STATUS_CODES[status]])));
});
