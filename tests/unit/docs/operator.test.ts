/**
 * docs/operator.md has an entry for whatever the console can say: a state, a reason, a cause or a problem that is new fails
 * here until it has one.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cause as causeSchema, type Cause } from '../../../src/common/console.ts';
import type { Status } from '../../../src/common/contract.ts';
import { classOfStatus } from '../../../src/common/outcome.ts';
import { lightsOf } from '../../../src/renderer/model/lights.ts';
import { alarmOf, causeText, kindOf, type Kind } from '../../../src/renderer/model/reasons.ts';
import { standingOf } from '../../../src/renderer/model/standing.ts';
import { connectionWords, deviceWords, machineWords, retryEndWords, stateWords } from '../../../src/renderer/model/words.ts';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/operator.md'), 'utf8');
const bold = new Set([...page.matchAll(/\*\*([^\n]+?)\*\*(?!\*)/g)].map((match) => match[1] ?? ''));
const host = 'results.example.org';
const status: Status = {
  pending: 0,
  submitted: 1,
  failed: 0,
  ignored: 0,
  quarantined: 0,
  running: true,
  endpoint: `https://${host}/`,
};

describe('the page for operators has an entry for', () => {
  test.each(Object.values(stateWords).map(({ word }) => word))('a session that is "%s"', (word) => {
    expect(bold).toContain(word);
  });

  test.each(Object.values(machineWords).flatMap(({ name, states }) => Object.values(states).map(({ word }) => [name, word])))(
    '%s: "%s"',
    (name, word) => {
      expect(page).toContain(`| ${name} |`);
      expect([...bold, 'Retry in m:ss']).toContain(word);
    },
  );

  test.each([...Object.values(deviceWords), ...Object.values(connectionWords)].map(({ word }) => word))('"%s"', (word) => {
    expect(bold).toContain(word);
  });

  test.each(Object.values(retryEndWords))('a bulk retry that ended: "%s"', (word) => {
    expect(bold).toContain(word);
  });

  test.each(everyLight())('the light of %s: "%s"', (name, word) => {
    expect(page).toContain(`| ${name} |`);
    expect(bold).toContain(word);
  });

  test.each(Object.entries(samples()))('delivery that stopped: %s', (kind, sample) => {
    expect(kindOf(sample)).toBe(kind);
    const { headline } = alarmOf({ state: 'open', cause: { kind: 'unavailable', ...sample } }, host, 30);
    expect(bold).toContain(headline.replace('Delivery has stopped: ', '').replace(host, '*host*'));
  });

  test('every status that stops delivery at once', () => {
    const statuses = Array.from({ length: 500 }, (_, index) => index + 100).filter(
      (each) => classOfStatus(each) === 'endpoint' && (each < 300 || each >= 400),
    );
    const section = /## Why nothing is sent[^]*?\n## /.exec(page)?.[0] ?? '';
    expect(statuses.filter((each) => !new RegExp(`\\b${each}\\b`).test(section))).toEqual([]);
  });

  test.each(everyHeadline())('the headline "%s"', (headline) => {
    expect(
      [...bold].some((said) =>
        new RegExp(`^${said.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replace('\\.\\.\\.', '.+')}$`).test(headline),
      ),
    ).toBe(true);
  });

  test.each(everyCause())('the cause "%s"', (title) => {
    expect(bold).toContain(title);
  });

  test('every problem that the service or a host can have', () => {
    const codes = problemCodes();
    expect(codes.length).toBeGreaterThan(5);
    expect(codes.filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });
});

function everyLight(): [string, string][] {
  const captures: NonNullable<Status['capture']>['state'][] = ['stopped', 'starting', 'capturing', 'paused', 'failed'];
  const shown: Status[] = [
    ...captures.map((state) => ({ ...status, capture: { state, gaps: 0 } })),
    ...(['healthy', 'low', 'failing'] as const).map((state) => ({ ...status, disk: { state, freeBytes: 1 } })),
    ...(['closed', 'open', 'halfOpen'] as const).map((state) => ({ ...status, pending: 1, circuit: { state } })),
    { ...status, pending: 1, heldBack: 1 },
    { ...status, endpoint: '' },
    { ...status, problems: [{ code: 'endpoint.unusable', message: '', since: 0 }] },
  ];
  const lights = shown.flatMap((each) => lightsOf(each).map(({ name, word }) => `${name}\n${word}`));
  return [...new Set(lights)].map((each) => each.split('\n') as [string, string]);
}

/** One for each kind of reason: a new kind does not compile without one. */
function samples(): Record<Kind, { kind?: 'refused' | 'earlier'; httpStatus?: number; code?: string }> {
  return {
    credentials: { httpStatus: 401 },
    signIn: { httpStatus: 407 },
    address: { httpStatus: 404 },
    redirect: { httpStatus: 308 },
    name: { code: 'ENOTFOUND' },
    nobody: { code: 'ECONNREFUSED' },
    timeout: { code: 'ETIMEDOUT' },
    certificate: { code: 'CERT_UNKNOWN_REASON' },
    clientCertificate: { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' },
    noTls: { code: 'ERR_SSL_WRONG_VERSION_NUMBER' },
    proxy: { code: 'ERR_PROXY_TUNNEL' },
    busy: { httpStatus: 503 },
    refusals: { kind: 'refused', httpStatus: 422 },
    earlier: { kind: 'earlier' },
  };
}

function everyHeadline(): string[] {
  const problem = (code: string) => ({ problems: [{ code, message: '', since: 0 }] });
  const changes: Partial<Status>[] = [
    problem('store.readFailed'),
    problem('endpoint.unusable'),
    problem('settings.damaged'),
    { disk: { state: 'failing', freeBytes: 0 } },
    { disk: { state: 'low', freeBytes: 1e9 } },
    { endpoint: '' },
    { endpoint: '', pending: 1 },
    { capture: { state: 'failed', gaps: 0 } },
    { capture: { state: 'paused', gaps: 0 } },
    { circuit: { state: 'halfOpen' } },
    { circuit: { state: 'open' } },
  ];
  return changes.map((change) => {
    const said = standingOf({ ...status, ...change }, { causes: [], timeoutSeconds: 30, now: 0 });
    return said.kind === 'alarm' ? said.alarm.headline : said.kind === 'note' ? said.note.headline : 'Results are flowing';
  });
}

function everyCause(): string[] {
  const cause = (change: Partial<Cause>): Cause => ({
    id: 'any',
    kind: 'circuit',
    state: 'open',
    count: 1,
    devices: ['...'],
    firstAt: 0,
    lastAt: 0,
    may: { retry: false, ignore: false },
    ...change,
  });
  const kinds = causeSchema.shape.kind.options.map((kind) => cause({ kind }));
  const codes = Object.values(samples()).flatMap(({ code }) => (code === undefined ? [] : cause({ kind: 'unheard', code })));
  return [...new Set([...kinds, ...codes].map((each) => causeText(each, 0).title))];
}

/** Read off the sources: `problems.open('settings.damaged', ...)`, `code: 'secret.notKept'`. */
function problemCodes(): string[] {
  const files = ['src/service', 'src/main', 'src/headless'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(root, folder, name), 'utf8')),
  );
  const found = files.flatMap((text) => [
    ...text.matchAll(
      /(?:\(|[Cc]ode\b[^']{0,4}|\| )\s*'((?:endpoint|certificates|secret|settings|store|capture)\.[a-z][A-Za-z]+)'/g,
    ),
  ]);
  // Events of machines are named in the past tense.
  return [...new Set(found.map((match) => match[1] ?? ''))].filter(
    (code) => !/(changed|requested|started|ended|opened)$/.test(code),
  );
}
