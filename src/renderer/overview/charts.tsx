/**
 * The two charts of the Overview: outcomes over time, and how long attempts took.
 * May import: react, uplot (by src/renderer/ui).
 */
import { useCallback } from 'react';
import type UPlot from 'uplot';
import type { Activity } from '../../common/console.ts';
import { count, duration, minute, weekdayOf } from '../model/format.ts';
import { Plot, type Paint } from '../ui/plot.tsx';

const font = (rem: number) => `500 ${11 * rem}px 'Inter Variable', system-ui, sans-serif`;

/** @param stoppedAt when the circuit opened, unix ms; null while it is closed. */
export function OutcomesChart({ activity, stoppedAt }: { activity: Activity; stoppedAt: number | null }) {
  const plotOf = useCallback(
    (paint: Paint, rem: number) => {
      const { buckets, from, bucketMs, span } = activity;
      const times = buckets.map((_, index) => (from + index * bucketMs) / 1000);
      const accepted = buckets.map((bucket) => bucket.accepted);
      const failed = buckets.map((bucket) => bucket.failed);
      const ignored = buckets.map((bucket) => bucket.ignored);
      const failedTop = buckets.map((bucket) => bucket.accepted + bucket.failed);
      const ignoredTop = buckets.map((bucket) => bucket.accepted + bucket.failed + bucket.ignored);
      const heldMax = Math.max(0, ...buckets.map(({ held }) => held));
      const { top, step } = scaleOf(Math.max(...ignoredTop));
      const data: UPlot.AlignedData = [
        times,
        ignoredTop.map((value, index) => (ignored[index] === 0 ? null : value)),
        failedTop.map((value, index) => (failed[index] === 0 ? null : value)),
        accepted.map((value) => (value === 0 ? null : value)),
      ];
      const options: Omit<UPlot.Options, 'width' | 'height'> = {
        legend: { show: false },
        cursor: { show: false },
        padding: [8 * rem, 16 * rem, 0, 0],
        scales: {
          x: { time: false, range: [(from - bucketMs / 2) / 1000, (from + (buckets.length - 0.5) * bucketMs) / 1000] },
          y: { range: [0, top] },
        },
        axes: [
          {
            stroke: paint('text3'),
            font: font(rem),
            grid: { show: false },
            ticks: { show: false },
            border: { show: true, stroke: paint('line2'), width: 1 },
            size: 22 * rem,
            gap: 4 * rem,
            splits: () => [0, 0.25, 0.5, 0.75, 1].map((share) => times[Math.round(share * (times.length - 1))] ?? 0),
            values: (_, splits) => splits.map((at) => (span === '7d' ? weekdayOf(at * 1000) : minute(at * 1000))),
          },
          {
            stroke: paint('text3'),
            font: font(rem),
            grid: { stroke: paint('line'), width: 1 },
            ticks: { show: false },
            size: 30 * rem,
            gap: 6 * rem,
            splits: () => Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step),
            values: (_, splits) => splits.map((value) => count(value)),
          },
        ],
        series: [{}, bars(paint('off')), bars(paint('fail')), bars(paint('ok-bar'))],
        hooks: {
          drawClear: [(plot) => shadeStop(plot, { stoppedAt, paint })],
          draw: [(plot) => drawHeld(plot, { activity, heldMax, stoppedAt, paint, rem })],
        },
      };
      return { options, data };
    },
    [activity, stoppedAt],
  );
  const { totals } = activity;
  return (
    <Plot label={`Outcomes: ${totals.accepted} accepted, ${totals.failed} failed, ${totals.ignored} ignored`} plotOf={plotOf} />
  );
}

function bars(colour: string): UPlot.Series {
  return { fill: colour, width: 0, points: { show: false }, paths: barPaths };
}
/** Bars of two thirds of their step, rounded at the top. */
function barPaths(plot: UPlot, seriesIndex: number, first: number, last: number): UPlot.Series.Paths {
  const path = new Path2D();
  const times = plot.data[0];
  const values = plot.data[seriesIndex] ?? [];
  const step = Math.abs(plot.valToPos(times[1] ?? 1, 'x', true) - plot.valToPos(times[0] ?? 0, 'x', true));
  const width = Math.max(1, Math.round(step * 0.66));
  const floor = plot.valToPos(0, 'y', true);
  for (let index = first; index <= last; index += 1) {
    const value = values[index];
    const at = times[index];
    if (value === null || value === undefined || at === undefined) continue;
    const y = plot.valToPos(value, 'y', true);
    path.roundRect(Math.round(plot.valToPos(at, 'x', true) - width / 2), y, width, floor - y, Math.min(2, width / 3));
  }
  return { fill: path };
}
/** How far up the axis goes and in what steps: no bar is higher than the last of them, which leaves it room. */
function scaleOf(highest: number): { top: number; step: number } {
  const rough = Math.max(4, highest) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? power;
  return { top: step * Math.ceil(Math.max(4, highest) / step), step };
}

function shadeStop(plot: UPlot, { stoppedAt, paint }: { stoppedAt: number | null; paint: Paint }): void {
  if (stoppedAt === null) return;
  const { ctx, bbox } = plot;
  const x = Math.max(bbox.left, plot.valToPos(stoppedAt / 1000, 'x', true));
  if (x > bbox.left + bbox.width) return;
  ctx.fillStyle = paint('fail-bg');
  ctx.fillRect(x, bbox.top, bbox.left + bbox.width - x, bbox.height);
  ctx.fillStyle = paint('fail');
  ctx.fillRect(x, bbox.top, 1.5 * devicePixelRatio, bbox.height);
}
/** A dashed line of how many are held, on a scale of its own, and the word for where delivery stopped. */
function drawHeld(
  plot: UPlot,
  shown: { activity: Activity; heldMax: number; stoppedAt: number | null; paint: Paint; rem: number },
): void {
  const { ctx, bbox } = plot;
  const { buckets, from, bucketMs } = shown.activity;
  const size = 11 * shown.rem * devicePixelRatio;
  ctx.save();
  ctx.font = `600 ${size}px 'Inter Variable', system-ui, sans-serif`;
  ctx.textBaseline = 'top';
  if (shown.heldMax > 0) {
    ctx.beginPath();
    buckets.forEach(({ held }, index) => {
      const before = buckets[index - 1]?.held ?? 0;
      if (held === 0 && before === 0) return;
      const x = plot.valToPos((from + index * bucketMs) / 1000, 'x', true);
      const y = bbox.top + bbox.height * (1 - (held / shown.heldMax) * 0.86);
      if (before === 0) ctx.moveTo(x, bbox.top + bbox.height);
      ctx.lineTo(x, y);
    });
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.lineWidth = 1.75 * devicePixelRatio;
    ctx.strokeStyle = shown.paint('retry');
    ctx.stroke();
    ctx.fillStyle = shown.paint('retry');
    ctx.textAlign = 'right';
    // How many is said by the legend, which is newer than the chart.
    ctx.fillText('Held', bbox.left + bbox.width - size * 0.5, bbox.top + bbox.height - size * 2);
  }
  if (shown.stoppedAt !== null && shown.stoppedAt >= from) {
    const x = plot.valToPos(shown.stoppedAt / 1000, 'x', true);
    const text = `Stopped ${minute(shown.stoppedAt)}`;
    ctx.fillStyle = shown.paint('fail');
    const isAtEdge = x + ctx.measureText(text).width + size > bbox.left + bbox.width;
    ctx.textAlign = isAtEdge ? 'right' : 'left';
    ctx.fillText(text, isAtEdge ? x - size * 0.5 : x + size * 0.5, bbox.top + size * 0.4);
  }
  ctx.restore();
}

const marksMs = [50, 200, 1000, 5000, 30_000, 120_000];

/** Attempts by duration on a logarithmic axis, with the percentiles and the time limit. */
export function AttemptsChart({ attempts }: { attempts: Activity['attempts'] }) {
  const plotOf = useCallback(
    (paint: Paint, rem: number) => {
      const { histogram, limitMs } = attempts;
      const low = Math.log10(Math.max(1, histogram[0]?.fromMs ?? 10));
      const high = Math.log10(limitMs) + 0.06;
      const top = Math.max(1, ...histogram.map(({ count: size }) => size));
      const data: UPlot.AlignedData = [
        histogram.map(({ fromMs, toMs }) => Math.log10(Math.sqrt(Math.max(1, fromMs) * toMs))),
        histogram.map(({ count: size }) => (size === 0 ? null : size)),
      ];
      const marks = marksMs.filter((each) => Math.log10(each) > low + 0.1 && each < limitMs / 3);
      const options: Omit<UPlot.Options, 'width' | 'height'> = {
        legend: { show: false },
        cursor: { show: false },
        padding: [22 * rem, 4 * rem, 0, 4 * rem],
        scales: { x: { time: false, range: [low, high] }, y: { range: [0, top] } },
        axes: [
          {
            stroke: paint('text3'),
            font: font(rem),
            grid: { show: false },
            ticks: { show: false },
            border: { show: true, stroke: paint('line2'), width: 1 },
            size: 22 * rem,
            gap: 4 * rem,
            splits: () => marks.map((each) => Math.log10(each)),
            values: () => marks.map((each) => (each < 1000 ? `${each} ms` : `${each / 1000} s`)),
          },
          { show: false },
        ],
        series: [{}, bars(paint('hist'))],
        hooks: { draw: [(plot) => drawPercentiles(plot, { attempts, paint, rem })] },
      };
      return { options, data };
    },
    [attempts],
  );
  return <Plot label={`How long ${count(attempts.count)} attempts took`} plotOf={plotOf} />;
}

function drawPercentiles(plot: UPlot, shown: { attempts: Activity['attempts']; paint: Paint; rem: number }): void {
  const { ctx, bbox } = plot;
  const { p50Ms, p95Ms, p99Ms, limitMs } = shown.attempts;
  const size = 11 * shown.rem * devicePixelRatio;
  ctx.save();
  ctx.textAlign = 'center';
  ctx.textBaseline = 'bottom';
  ctx.font = `600 ${size}px 'Inter Variable', system-ui, sans-serif`;
  let free = 0;
  for (const [word, value] of [
    ['50 %', p50Ms],
    ['95 %', p95Ms],
    ['99 %', p99Ms],
  ] as const) {
    if (value === undefined) continue;
    // One below the axis stands at its beginning.
    const x = Math.max(bbox.left + size * 1.2, plot.valToPos(Math.log10(Math.max(1, value)), 'x', true));
    ctx.fillStyle = shown.paint('text2');
    ctx.fillRect(x, bbox.top - size * 0.2, devicePixelRatio, bbox.height + size * 0.2);
    // One beside the other when their lines are close, in the order of the lines.
    const half = ctx.measureText(word).width / 2;
    const middle = Math.max(x, free + half);
    ctx.fillText(word, middle, bbox.top - size * 0.3);
    free = middle + half + size * 0.5;
  }
  const x = plot.valToPos(Math.log10(limitMs), 'x', true);
  ctx.strokeStyle = shown.paint('retry');
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 2.5 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.fillStyle = shown.paint('retry');
  ctx.textAlign = 'right';
  ctx.textBaseline = 'top';
  ctx.fillText(`limit ${duration(limitMs)}`, bbox.left + bbox.width + 4 * devicePixelRatio, bbox.top + bbox.height + size * 0.5);
  ctx.restore();
}
