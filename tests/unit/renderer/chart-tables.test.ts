/** What a chart shows is in a table too, for who does not see it. */
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { AttemptsTable, OutcomesTable } from '../../../src/renderer/overview/tables.tsx';
import { activityOf } from '../../support/scripted-data.ts';

const activity = activityOf('busy', '1h', Date.UTC(2026, 10, 24, 12));
/** The cells of each row of the body. */
const rowsOf = (markup: string) =>
  [...markup.matchAll(/<tr><td>.*?<\/tr>/g)].map(([row]) => [...row.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell]) => cell));

test('attempt times are a row for each stretch of the axis that has any', () => {
  const attempts = {
    histogram: [
      { fromMs: 10, toMs: 12.5, count: 3 },
      { fromMs: 12.5, toMs: 15, count: 0 },
      { fromMs: 1500, toMs: 2000, count: 12 },
    ],
  };
  expect(rowsOf(renderToStaticMarkup(createElement(AttemptsTable, { attempts })))).toEqual([
    ['10 ms', '13 ms', '3'],
    ['1.5 s', '2.0 s', '12'],
  ]);
});

test('outcomes are a row for each bar, the latest first', () => {
  const rows = rowsOf(renderToStaticMarkup(createElement(OutcomesTable, { activity })));
  const last = activity.buckets.at(-1);
  expect(rows).toHaveLength(60);
  expect(rows[0]?.slice(1)).toEqual([last?.accepted, last?.failed, last?.ignored, last?.held].map(String));
});
