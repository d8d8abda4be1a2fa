/** What Overview says first: the worst that stands, what is safe, and that nothing is said to be well which is not. */
import { describe, expect, test } from 'vitest';
import type { Cause, Device } from '../../../src/common/console.ts';
import type { SessionSummary, Status } from '../../../src/common/contract.ts';
import { ago, clock, countdown, duration } from '../../../src/renderer/model/format.ts';
import { cannotSave, isSendingStopped, lightsOf } from '../../../src/renderer/model/lights.ts';
import { alarmOf, causeText, kindOf } from '../../../src/renderer/model/reasons.ts';
import { standingHeadline, standingOf } from '../../../src/renderer/model/standing.ts';
import { rhythmOf } from '../../../src/renderer/model/words.ts';
import { textOf } from '../../../src/renderer/sessions/why.tsx';
import { withLabels } from '../../../src/renderer/settings/catalogue.ts';
import { authorizationThen, rangeOf } from '../../../src/renderer/settings/draft.ts';
import { wordsOf } from '../../../src/renderer/shell/stale-bar.tsx';
import { causesOf, sessionsOf, settingsOf, statusOf } from '../../support/scripted-data.ts';

const now = Date.UTC(2026, 10, 2, 12, 0, 0);
const healthy = statusOf('healthy', now, sessionsOf('healthy', now, 50));
const said = (change: Partial<Status>, causes: Cause[] = []) =>
  standingOf({ ...healthy, ...change }, { causes, timeoutSeconds: 30, now });
const headlineOf = (change: Partial<Status>, causes: Cause[] = []) => {
  const standing = said(change, causes);
  return standing.kind === 'alarm' ? standing.alarm.headline : standing.kind === 'note' ? standing.note.headline : 'flowing';
};
const problem = (code: string) => ({ problems: [{ code, message: 'What happened.', since: now - 1000 }] });
const capturing = { interface: 'eth1', gaps: 0 };

describe('the first thing said', () => {
  test.each<[string, Partial<Status>]>([
    ['flowing', {}],
    ['Results cannot be read from the disk, so nothing is sent', problem('store.readFailed')],
    ['Results cannot be saved: 0 bytes free', { disk: { state: 'failing', freeBytes: 0 } }],
    [
      'Results cannot be saved: 4.1 MB free',
      { ...problem('store.writeFailed'), disk: { state: 'failing', freeBytes: 4_100_000 } },
    ],
    ['Nothing is sent: the endpoint cannot be used as it is set', problem('endpoint.unusable')],
    ['Capture has failed; what is on disk is still sent', { capture: { ...capturing, state: 'failed' } }],
    ['Capture is paused', { capture: { ...capturing, state: 'paused' } }],
    ['Capture is stopped', { capture: { ...capturing, state: 'stopped' } }],
    ['flowing', { capture: { gaps: 0, state: 'stopped' } }],
    ['Testing with one session', { circuit: { state: 'halfOpen' } }],
    ['The disk is nearly full: 1.5 GB free', { disk: { state: 'low', freeBytes: 1.5e9 } }],
    ['Results are flowing, one thing needs you', problem('settings.damaged')],
    ['No endpoint yet', { endpoint: '', pending: 0 }],
    ['Nothing is sent: no endpoint set', { endpoint: '', pending: 38 }],
    [
      'Delivery has stopped: the endpoint says it is busy',
      { circuit: { state: 'open', cause: { kind: 'unavailable', httpStatus: 503 } } },
    ],
  ])('%s', (headline, change) => {
    expect(headlineOf(change)).toBe(headline);
  });

  test('open causes are counted and named, the first two of them', () => {
    const open = causesOf('busy', now).filter(({ state }) => state === 'open');
    expect(said({}, open)).toMatchObject({
      kind: 'note',
      note: {
        headline: 'Results are flowing, 4 things need you',
        sentence: 'The endpoint refuses these sessions (7). No answer in time (4). 2 more.',
      },
    });
    expect(said({}, open.slice(0, 1))).toMatchObject({ note: { headline: 'Results are flowing, one thing needs you' } });
  });

  test('a disk that cannot be written to is not said to be safe for what is new', () => {
    const standing = said({ disk: { state: 'failing', freeBytes: 0 } });
    expect(standing.kind === 'alarm' && standing.alarm.safe).toMatch(/^What is on disk is safe\. New results wait in memory/);
  });

  test('the count of what is held is told when no endpoint is set', () => {
    expect(said({ endpoint: '', pending: 38 })).toMatchObject({
      note: { sentence: 'Results are captured and kept; nothing is sent. 38 held, safe on disk.' },
    });
  });

  test('results are not said to be captured while they are not', () => {
    const sentence = (state: 'starting' | 'paused' | 'failed' | 'stopped') => {
      const standing = said({ endpoint: '', pending: 0, capture: { ...capturing, state } });
      return standing.kind === 'note' ? standing.note.sentence : '';
    };
    expect(sentence('failed')).toBe('Capture has failed: what passes is not recorded. What is here is kept; nothing is sent.');
    for (const state of ['starting', 'paused', 'stopped'] as const) expect(sentence(state)).not.toMatch(/are captured/);
  });

  test('an endpoint that cannot be used is not shown as one that is not set', () => {
    const lights = lightsOf({ ...healthy, pending: 3, ...problem('endpoint.unusable') });
    expect(lights[3]).toMatchObject({ word: 'Unusable', tone: 'fail' });
    expect(lights[2]).toMatchObject({ word: 'Holding', figure: '3 held' });
  });
});

test('a capture that somebody stopped is no capture that was never set up', () => {
  const captureLight = (capture: NonNullable<Status['capture']>) => lightsOf({ ...healthy, capture })[0];
  expect(captureLight({ ...capturing, state: 'stopped' })).toMatchObject({ word: 'Stopped', tone: 'retry' });
  expect(captureLight({ gaps: 0, state: 'stopped' })).toMatchObject({ word: 'Off', tone: 'off' });
});

test('a disk that cannot be read is not said to be one that cannot be written', () => {
  const unread = { ...healthy, ...problem('store.readFailed') };
  expect(lightsOf(unread)[1]).toMatchObject({ word: 'Cannot read' });
  expect([cannotSave(unread), isSendingStopped(unread)]).toEqual([false, true]);
});

test('the line is broken where nothing goes on, and whole where nothing was set up yet', () => {
  expect(isSendingStopped({ ...healthy, ...problem('endpoint.unusable') })).toBe(true);
  expect(isSendingStopped({ ...healthy, disk: { state: 'failing', freeBytes: 0 } })).toBe(true);
  expect(isSendingStopped({ ...healthy, endpoint: '' })).toBe(false);
  expect(isSendingStopped(healthy)).toBe(false);
});

test('nothing moves while nothing can be recorded', () => {
  const failing = { ...healthy, pending: 3, disk: { state: 'failing' as const, freeBytes: 0 } };
  expect(lightsOf(failing).map(({ word }) => word)).toEqual(['Capturing', 'Cannot save', 'Holding', 'Accepting']);
});

test('a sentence of the service names settings as the form does', () => {
  expect(withLabels('None are set; check submissionAuthHeader.')).toBe('None are set; check Authorization.');
  expect(withLabels('The lastGoodCopy of iPhone is used.')).toBe('The lastGoodCopy of iPhone is used.');
});

test('the range of a number is that of its schema', () => {
  expect([rangeOf('submissionTimeoutSeconds'), rangeOf('submissionBackoffJitter'), rangeOf('logLevel')]).toEqual([
    '1-300',
    '0-1',
    undefined,
  ]);
});

describe('the reason in words', () => {
  const headline = (code: string) =>
    alarmOf({ state: 'open', cause: { kind: 'unavailable', code } }, 'results.example.org', 1).headline;
  test.each([
    ['CERT_HAS_EXPIRED', 'the certificate is not trusted (it has expired)'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'the certificate is not trusted (it is for another name)'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'the certificate is not trusted (its issuer is unknown here)'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'the certificate is not trusted (it is self-signed)'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'results.example.org does not speak TLS'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'the endpoint does not take our client certificate, or wants one'],
    ['ERR_PROXY_TUNNEL', 'the proxy does not connect us to the endpoint'],
    ['ETIMEDOUT', 'no answer within 1 second, five times in a row'],
    ['ECONNREFUSED', 'nobody answers at results.example.org'],
  ])('%s', (code, words) => {
    expect(headline(code)).toBe(`Delivery has stopped: ${words}`);
    const [any] = causesOf('busy', now) as [Cause];
    const { httpStatus: _status, ...rest } = any;
    expect(causeText({ ...rest, kind: 'unheard', code }, now).title).not.toBe('');
  });

  test('the station names what is missing, and says that nobody answered only where nobody did', () => {
    const figure = (code: string) =>
      alarmOf({ state: 'open', cause: { kind: 'unavailable', code } }, 'results.example.org', 30).figure;
    expect(['CERT_HAS_EXPIRED', 'ENOTFOUND', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ETIMEDOUT'].map(figure)).toEqual([
      'Not trusted',
      'Not known',
      'No TLS',
      'No answer',
    ]);
  });

  test('an answer says what the network says, not only its code', () => {
    const alarm = alarmOf({ state: 'open', cause: { kind: 'unavailable', code: 'ECONNREFUSED' } }, 'results.example.org', 30);
    expect(alarm.answer).toBe('The connection is refused (ECONNREFUSED).');
    expect(kindOf({ code: 'HPE_INVALID_CONSTANT' })).toBe('nobody');
  });

  test('an endpoint that points elsewhere is told with the new host, and whether to trust it is asked of who runs the old one', () => {
    const steps = (elsewhere?: string) => {
      const cause = { kind: 'endpoint' as const, httpStatus: 302, ...(elsewhere === undefined ? {} : { elsewhere }) };
      return alarmOf({ state: 'open', cause }, 'results.example.org', 30).steps;
    };
    const neverFollowed = 'Redirects are never followed with patient data.';
    const isShort = '(its path and query are not shown)';
    expect(steps('https://new.example:8443')).toEqual([
      `${neverFollowed} Enter the new URL: it begins with https://new.example:8443 ${isShort}.`,
      'Ask whoever runs results.example.org first whether that is theirs.',
    ]);
    expect(steps('https://results.example.org')).toEqual([
      `${neverFollowed} Enter the new URL: it begins with https://results.example.org ${isShort}.`,
    ]);
    expect(steps()).toEqual([`${neverFollowed} Ask whoever runs results.example.org for the new URL and enter it.`]);
  });

  test('others are said to be accepted only while they can be', () => {
    const [refused] = causesOf('busy', now) as [Cause];
    expect(causeText(refused, now).said).toContain('Other sessions are accepted.');
    expect(causeText(refused, now, { isStopped: true }).said).not.toContain('Other sessions');
  });

  test('no session is said to go in the next cycle while that tries one alone', () => {
    const [, unheard] = causesOf('busy', now) as [Cause, Cause];
    expect(causeText(unheard, now).line).toBe('Sent again in the next cycle, 3:12');
    expect(causeText(unheard, now, { isStopped: true })).toMatchObject({
      line: 'Sent again once the endpoint accepts again',
      todo: 'Nothing: they are sent again once the endpoint accepts again.',
    });
  });

  test('what gave up is said to be set back by itself only where it can be', () => {
    const [refused] = causesOf('busy', now) as [Cause];
    const usedUp = { ...refused, kind: 'usedUp' as const, httpStatus: 503 };
    const lines = [{}, { isStopped: true }, { lastAcceptedAt: usedUp.lastAt + 1 }].map((around) =>
      causeText(usedUp, now, around),
    );
    expect(lines.map(({ line }) => line)).toEqual([
      'Set back by itself when others are accepted',
      'Set back by itself once the endpoint accepts again',
      'Not tried again by itself',
    ]);
    expect(lines[1]?.said).toBe('It answered 503 Service Unavailable.');
  });

  test('an endpoint that is not heard is told in words on Attention too', () => {
    const [circuit] = causesOf('stopped', now) as [Cause];
    const { httpStatus: _status, ...silent } = { ...circuit, message: 'five in a row', code: 'ETIMEDOUT' };
    expect(causeText(silent, now)).toMatchObject({ tag: 'Timed out', said: 'No answer in time.' });
    const { code: _code, ...earlier } = silent;
    expect(causeText(earlier, now)).toMatchObject({ tag: 'Stopped', said: 'Five in a row' });
  });
});

describe('one session', () => {
  const [any] = sessionsOf('stopped', now, 1) as [SessionSummary];
  const about = { now, hasEndpoint: true, lastAcceptedAt: 0 };
  const held = { ...any, state: 'held' as const, nextAttemptAt: now + 192_000 };
  test('that is held is not said to be the one that is tried', () => {
    expect(textOf(held, about)).toEqual({
      what: 'Held until the endpoint accepts again.',
      more: 'One session is tried in the next cycle, 3:12. It is safe on disk.',
    });
    expect(textOf(held, { ...about, hasEndpoint: false })?.what).toBe('Held until there is an endpoint that can be used.');
  });
  test('that gave up while others were accepted is not said to come back by itself', () => {
    const failed = { ...any, state: 'failed' as const, httpStatus: 503, triedAt: now - 5000, durationMs: 100 };
    expect(textOf(failed, about)?.more).toContain('When others are accepted again it is set back by itself.');
    expect(textOf(failed, { ...about, lastAcceptedAt: now })?.more).toContain('it is not set back by itself');
  });
});

test('devices whose rhythm nobody knows are not said to keep it', () => {
  const of = (...states: Device['state'][]) => rhythmOf(states.map((state) => ({ state })));
  expect([of(), of('new', 'new'), of('talking', 'new'), of('talking'), of('talking', 'quiet', 'new')]).toEqual([
    '',
    'Their rhythm is not known yet',
    'All within their usual rhythm, but 1 new',
    'All within their usual rhythm',
    '1 quieter than usual',
  ]);
});

test('what is said with no cause open is what Overview says', () => {
  expect(standingHeadline(healthy, now)).toBeNull();
  expect(standingHeadline({ ...healthy, ...problem('endpoint.unusable') }, now)).toMatch(/^Nothing is sent: /);
  expect(standingHeadline({ ...healthy, endpoint: '', pending: 0 }, now)).toBe('No endpoint yet.');
  expect(standingHeadline({ ...healthy, ...problem('settings.unknownKey') }, now)).toBe('What happened.');
});

test('the question for another address says what becomes of the authorization', () => {
  const shown = settingsOf('healthy');
  const to = (submissionEndpoint: string, more = {}) => authorizationThen(shown, { submissionEndpoint, ...more });
  expect(to('https://new.example/in', { submissionAuthHeader: 'Bearer x' })).toBe('with the authorization entered here.');
  expect(to('https://new.example/in', { submissionAuthHeader: '' })).toBe('without authorization.');
  expect(to('https://new.example/in')).toMatch(/^without authorization: the one set now is for the old address/);
  expect(to('https://results.example.org/other')).toBe('with the authorization they have now.');
  expect(authorizationThen({ ...shown, secretsSet: [] }, { submissionEndpoint: 'https://new.example' })).toBe(
    'without authorization.',
  );
});

test('a lost connection is told on the clock that the page shows', () => {
  const heard = { lastWordAt: now, retryAt: null, lostReason: 'closed', tries: 1, tick: now };
  const { first } = wordsOf({ ...heard, offsetMs: 120_000 });
  expect(first).toBe(`No word from the service since ${clock(now + 120_000)}`);
});

test('no time is negative where two clocks differ by less than a tick', () => {
  expect([duration(-300), ago(now + 900, now), countdown(-1)]).toEqual(['0 ms', 'just now', '0:00']);
});
