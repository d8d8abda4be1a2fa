/**
 * Holds docs/api.md to the contract: nothing that can be asked or heard is missing there, and nothing else is promised.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { eventNames, events, requestNames, requests, sessionFilter } from '../../../../src/common/contract.ts';
import { courierMetrics } from '../../../../src/headless/server/metrics.ts';
import { settingKeys } from '../../../../src/common/settings.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/api.md'), 'utf8');
/** Rows of the tables by the name they begin with. */
const rows = new Map(
  page.split('\n').flatMap((line) => (/^\| `([a-zA-Z]+)` \|/.exec(line) ? [[line.split('`')[1], line] as const] : [])),
);

test('every request and event of the contract is described, and no other', () => {
  expect([...rows.keys()].sort()).toEqual([...requestNames, ...eventNames].sort());
});

test.each(requestNames)('the row of %s names every field of its payload and its answer', (name) => {
  const row = rows.get(name) ?? '';
  const isSettings = name === 'updateSettings';
  const asked = fieldsOf(requests[name].params, 'input').filter((field) => !(isSettings && isSetting(field)));
  const answered = /as `get\w+`/.test(row) ? [] : fieldsOf(requests[name].result, 'output');
  expect([...asked, ...answered].filter((field) => !names(row, field))).toEqual([]);
});

test.each(eventNames)('the row of %s names every field of its payload', (name) => {
  const row = rows.get(name) ?? '';
  const told = /as the answer of `get\w+`/.test(row) ? [] : fieldsOf(events[name], 'output');
  expect(told.filter((field) => !names(row, field))).toEqual([]);
});

test('every condition of a filter is named', () => {
  expect(fieldsOf(sessionFilter, 'input').filter((field) => !names(page, field))).toEqual([]);
});

test('every metric of our own is described, and no other', async () => {
  const status = { pending: 0, submitted: 0, failed: 0, ignored: 0, quarantined: 0, running: true };
  const text = await courierMetrics({ getStatus: () => status, now: () => 0, process: false }).text();
  const named = [...page.matchAll(/`(hl7_courier_\w+)/g)].map(([, name]) => name);
  const exposed = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
  expect(named.sort()).toEqual(exposed.sort());
});

const names = (text: string, field: string) => text.includes(`\`${field}\``) || text.includes(`\`${field}?\``);
const isSetting = (field: string) => (settingKeys as string[]).includes(field);

interface ObjectSchema {
  properties?: Record<string, unknown>;
  anyOf?: ObjectSchema[];
}
function fieldsOf(schema: z.ZodType, io: 'input' | 'output'): string[] {
  const described = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as ObjectSchema;
  const forms = described.anyOf ?? [described];
  return [...new Set(forms.flatMap(({ properties }) => Object.keys(properties ?? {})))];
}
