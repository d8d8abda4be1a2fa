/** How the statecharts are read off the machines and laid out, and that the console's build does it, not the page. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { resolveConfig as electronConfig } from 'electron-vite';
import { createServer, resolveConfig } from 'vite';
import { expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { chartOf, drawnMachines } from '../../../src/renderer/machines/definitions.ts';
import { activePaths, anyState, bestOf, edgeTaken, type Box, type Layout } from '../../../src/renderer/machines/drawing.ts';
import { drawings } from '../../../src/renderer/machines/drawings.ts';
import { evaluatedAtBuild } from '../../../src/renderer/machines/evaluate-at-build.ts';
import { largeStyle, layoutsOf } from '../../../src/renderer/machines/layout.ts';
import { machineWords } from '../../../src/renderer/model/words.ts';

test.each(drawnMachines.map((machine) => [machine.id, machine] as const))(
  'every state of the machine %s is drawn on its page, and has a meaning',
  (id, machine) => {
    const drawing = drawings[id];
    const states = Object.keys(machine.states);
    expect(drawing?.chart.states.map((state) => state.id).filter((state) => state !== anyState)).toEqual(states);
    for (const layout of drawing?.large ?? []) expect(Object.keys(layout.boxes)).toEqual(expect.arrayContaining(states));
    expect(Object.keys(machineWords[id]?.states ?? {}).toSorted()).toEqual(states.toSorted());
  },
);

const layouts = Object.entries(drawings).flatMap(([machine, { small, large }]) =>
  [...small, ...large].map((layout, index) => [machine, index, layout] as const),
);
test.each(layouts)('no label of the machine %s, layout %i, lies on a state or on another label', (_machine, _index, layout) => {
  const labels = labelBoxes(layout);
  const states = Object.values(layout.boxes);
  for (const [index, label] of labels.entries())
    for (const other of [...states, ...labels.slice(index + 1)]) expect(overlap(label, other)).toBe(false);
  for (const [index, state] of states.entries())
    for (const other of states.slice(index + 1)) expect(overlap(state, other)).toBe(false);
});

test('a page shows the label of every transition', () => {
  for (const { chart, large } of Object.values(drawings))
    for (const { edges } of large) {
      expect(edges.map(({ id }) => id).toSorted()).toEqual(chart.edges.map(({ id }) => id).toSorted());
      expect(edges.every(({ label }) => label !== '')).toBe(true);
    }
});

test('a chart is laid out alike every time', () => {
  const [machine] = drawnMachines;
  if (machine === undefined) throw new Error('no machine');
  const once = () => layoutsOf(chartOf(machine), largeStyle, [{ width: 800, height: 560 }]);
  expect(once()).toEqual(once());
});

test('states within a state stand in its frame, and what leads to it leads to the first of them', () => {
  const chart = chartOf(
    createMachine({
      id: 'nested',
      initial: 'away',
      states: {
        away: { on: { come: 'here' } },
        here: { initial: 'sitting', states: { sitting: { on: { rise: 'standing' } }, standing: {} }, on: { go: 'over' } },
        over: { type: 'final' },
      },
    }),
  );
  expect(chart.states.find(({ id }) => id === 'here.sitting')).toMatchObject({ parent: 'here', isInitial: true, isFrame: false });
  const [layout] = layoutsOf(chart, largeStyle, [{ width: 800, height: 560 }]);
  const [frame, inner] = [layout?.boxes.here, layout?.boxes['here.standing']];
  expect(frame !== undefined && inner !== undefined && isWithin(inner, frame)).toBe(true);
  expect(layout?.edges.map(({ id }) => id)).toContain('away > here');
});

test('what leads to one state from each of the others is drawn once, from any state', () => {
  const on = { stop: 'd' };
  const chart = chartOf(
    createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { on: { ...on, go: 'b' } }, b: { on }, c: { on: { ...on, go: 'b' } }, d: {} },
    }),
  );
  expect(chart.edges.map(({ id }) => id)).toEqual(['* > d', 'a > b', 'c > b']);
  expect(edgeTaken(chart.edges, { from: 'c', to: 'd' })).toBe('* > d');
  expect(edgeTaken(chart.edges, { from: 'a', to: 'b' })).toBe('a > b');
  expect(edgeTaken(chart.edges, { from: 'd', to: 'a' })).toBeNull();
});

test('a nested value is active in each of its states', () => {
  expect(activePaths({ recovering: { lastTry: 'waiting' } })).toEqual([
    'recovering',
    'recovering.lastTry',
    'recovering.lastTry.waiting',
  ]);
  expect(activePaths(undefined)).toEqual([]);
});

test('of several layouts the one that is shown largest is taken', () => {
  const layout = (width: number, height: number): Layout => ({ x: 0, y: 0, width, height, boxes: {}, edges: [] });
  const [wide, tall] = [layout(400, 100), layout(150, 300)];
  expect(bestOf([wide, tall], { width: 400, height: 120 })).toBe(wide);
  expect(bestOf([wide, tall], { width: 150, height: 300 })).toBe(tall);
  expect(bestOf([], { width: 1, height: 1 })).toBeUndefined();
});

test('in development a change of what a drawing was made from is seen at once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hl7-courier-evaluated-'));
  const [source, made] = [join(folder, 'source.mjs'), join(folder, 'made.mjs')];
  await writeFile(source, 'export const size = 1;');
  await writeFile(made, `import { size } from './source.mjs';\nexport const area = size * size;`);
  const server = await createServer({
    root: folder,
    configFile: false,
    logLevel: 'silent',
    plugins: [evaluatedAtBuild('made.mjs')],
    server: { middlewareMode: true, ws: false },
    optimizeDeps: { noDiscovery: true },
  });
  try {
    const code = async () => (await server.transformRequest('/made.mjs'))?.code ?? '';
    expect(await code()).toContain('area = 1');
    expect(await code()).not.toContain('source');
    // Written again until it is seen: whoever watches the folder may not be at it yet.
    const codeOfChange = async () => {
      await writeFile(source, 'export const size = 3;');
      return code();
    };
    await expect.poll(codeOfChange, { interval: 100 }).toContain('area = 9');
  } finally {
    await server.close();
    await rm(folder, { recursive: true });
  }
});

test('the desktop takes the console from its own folder, in development too, and builds it into out/renderer', async () => {
  const root = resolve(import.meta.dirname, '../../..');
  const { config } = await electronConfig({ configFile: join(root, 'electron.vite.config.ts') }, 'build', 'production');
  const built = await resolveConfig({ ...config?.renderer, configFile: false }, 'build');
  expect([built.root, resolve(built.root, built.build.outDir)]).toEqual([join(root, 'src/renderer'), join(root, 'out/renderer')]);
  const server = await createServer({
    ...(await electronConfig({ configFile: join(root, 'electron.vite.config.ts') }, 'serve', 'development')).config?.renderer,
    configFile: false,
    logLevel: 'silent',
    server: { middlewareMode: true, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
  const code = (await server.transformRequest('/machines/drawings.ts'))?.code;
  await server.close();
  expect(code).toMatch(/^export const drawings = \{/);
});

function labelBoxes({ edges }: Layout): Box[] {
  return edges.flatMap(({ label, labelX, labelY }) => {
    // A letter of 11 px is about 5.5 px wide.
    const width = label.length * 5.5;
    return label === '' ? [] : [{ x: labelX - width / 2, y: labelY - 5, width, height: 10 }];
  });
}
const overlap = (a: Box, b: Box) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const isWithin = (inner: Box, outer: Box) =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;
