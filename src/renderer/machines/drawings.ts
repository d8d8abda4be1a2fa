/**
 * The drawings of all machines. The console's build evaluates this module (evaluate-at-build.ts) and ships what comes out:
 * neither the layout library nor the machines' definitions reach the page, and no chart ever jumps.
 * May import: machines, @dagrejs/dagre by way of layout.ts.
 */
import { chartOf, drawnMachines } from './definitions.ts';
import type { Drawing } from './drawing.ts';
import { largeStyle, layoutsOf, smallStyle } from './layout.ts';

/** px within a card: on screens about 1280 to 1440, 1920 and 2560 wide, the lowest first; above, all is enlarged. */
const cards = [
  { width: 254, height: 172 },
  { width: 390, height: 190 },
  { width: 545, height: 200 },
];
const pages = [{ width: 800, height: 560 }];

export const drawings: Readonly<Record<string, Drawing>> = Object.fromEntries(
  drawnMachines.map((machine) => {
    const chart = chartOf(machine);
    // A single session has a page, no card.
    const small = machine.id === 'session' ? [] : layoutsOf(chart, smallStyle, cards);
    return [machine.id, { chart, small, large: layoutsOf(chart, largeStyle, pages) }];
  }),
);
