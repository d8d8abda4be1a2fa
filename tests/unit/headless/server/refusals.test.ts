/**
 * The HTTP status of a refusal, and what it gives away.
 */
import { expect, test } from 'vitest';
import { CourierError, errorCodes } from '../../../../src/common/errors.ts';
import { allowedMethods, nothingThere } from '../../../../src/headless/server/addresses.ts';
import { cachingOf } from '../../../../src/headless/server/answers.ts';
import { escapedHtml, statusPage } from '../../../../src/headless/server/plain-pages.ts';
import { httpRefusal } from '../../../../src/headless/server/refusals.ts';

test.each([
  ['ERR_SESSION_NOT_FOUND', 404],
  ['ERR_STATE_CONFLICT', 409],
  ['ERR_STORE_OWNED', 409],
  ['ERR_SETTING_OUT_OF_RANGE', 400],
  ['ERR_SETTING_UNKNOWN', 400],
  ['ERR_CAPTURE_UNAVAILABLE', 503],
  ['ERR_STORE_WRITE_FAILED', 503],
] as const)('%s is answered with %i', (code, status) => {
  expect(httpRefusal(new CourierError(code, 'Because.'))).toEqual({
    status,
    body: { error: { code, message: 'Because.' } },
    isInternal: false,
  });
});

test('every code has a status that says refusal', () => {
  const statuses = errorCodes.map((code) => httpRefusal(new CourierError(code, '')).status);
  expect(statuses.filter((status) => !(status >= 400 && status <= 503))).toEqual([]);
});

test.each([[new Error('ENOENT: /home/lab/secret')], ['a string'], [null], [undefined], [{ statusCode: 503 }]])(
  'what nobody foresaw (%s) is 500 without its details',
  (error) => {
    const refusal = httpRefusal(error);
    expect(refusal).toMatchObject({ status: 500, isInternal: true, body: { error: { code: 'ERR_INTERNAL' } } });
    expect(JSON.stringify(refusal.body)).not.toContain('secret');
  },
);

test('a body of the wrong length is the sender’s fault', () => {
  expect(httpRefusal({ code: 'FST_ERR_CTP_INVALID_CONTENT_LENGTH', statusCode: 400 })).toMatchObject({ status: 400 });
});

test('an internal error that was put in words is logged all the same', () => {
  expect(httpRefusal(new CourierError('ERR_INTERNAL', 'Words.'))).toMatchObject({ status: 500, isInternal: true });
});

test('an address takes the methods that make sense there', () => {
  expect(
    ['/', '/healthz', '/metrics', '/api/events', '/api/getStatus', '/api/nope', '/api/', '/nope'].map(allowedMethods),
  ).toEqual([['GET', 'HEAD'], ['GET', 'HEAD'], ['GET', 'HEAD'], ['GET'], ['POST'], null, null, null]);
  expect(nothingThere('GET', '/api/getStatus?x').status).toBe(405);
  expect(nothingThere('GET', '/api/nope').status).toBe(404);
});

test('only a file whose name tells its content is kept by the browser', () => {
  expect(['/p/assets/index-B2x9_aQz.js', '/p/assets/inter-latin-D4sk29Fa.woff2'].map(cachingOf)).toEqual(
    Array(2).fill('private, max-age=31536000, immutable'),
  );
  expect(cachingOf('C:\\p\\assets\\index-B2x9_aQz.css')).toBe('private, max-age=31536000, immutable');
  expect(cachingOf('/p/index.html')).toBe('no-store');
  expect(['/p/icon.svg', '/p/assets/plain.js'].map(cachingOf)).toEqual(['no-cache', 'no-cache']);
});

test('the plain page says what runs, what is wrong, and nothing as HTML that came from outside', () => {
  const page = statusPage('1.2.3', {
    pending: 1,
    submitted: 2,
    failed: 0,
    ignored: 0,
    quarantined: 0,
    running: true,
    endpoint: 'https://results.example/<script>',
    circuit: { state: 'open', reason: 'no "answer"' },
    capture: { state: 'failed', gaps: 0 },
    problems: [{ code: 'X', message: 'Disk & co.', since: 0 }],
  });
  expect(page).toContain('https://results.example/&lt;script&gt;');
  expect(page).toContain('open: no &quot;answer&quot;');
  expect(page).toContain('<li>Disk &amp; co.</li>');
  expect(page).toContain('docs/api.md');
  expect(page).not.toMatch(/<script|style=|<style/);
  expect(escapedHtml(`it's`)).toBe('it&#39;s');
  const bare = statusPage('1', { pending: 0, submitted: 0, failed: 0, ignored: 0, quarantined: 0, running: false });
  expect(bare).toContain('not running');
  expect(bare).not.toContain('Problems');
});
