/**
 * The tray's picture, drawn from numbers: a disc for how things stand, told by shape as well as by colour.
 *   well: a full disc;  sending: a ring around a dot;  failed: a disc with a bar across;  stopped: two bars
 * May import: src/main.
 */
import type { StandingKind } from './standing.ts';

type Colour = readonly [red: number, green: number, blue: number];
const colours: Readonly<Record<StandingKind, Colour>> = {
  well: [46, 125, 50],
  sending: [36, 85, 195],
  failed: [198, 40, 40],
  stopped: [178, 106, 0],
};

/** Whether a point is drawn; `x` and `y` run from -1 to 1. */
const shapes: Readonly<Record<StandingKind, (x: number, y: number) => boolean>> = {
  well: (x, y) => Math.hypot(x, y) < 0.8,
  sending: (x, y) => Math.hypot(x, y) < 0.35 || (Math.hypot(x, y) > 0.6 && Math.hypot(x, y) < 0.85),
  failed: (x, y) => Math.hypot(x, y) < 0.85 && Math.abs(y) > 0.18,
  stopped: (x, y) => Math.abs(y) < 0.75 && Math.abs(Math.abs(x) - 0.4) < 0.22,
};

/** Each pixel is looked at in this many places a side, so that edges are soft. */
const samples = 4;

/**
 * Pixels of a square picture, 4 bytes each (blue, green, red, alpha), colours multiplied by alpha as Electron wants them.
 * @param isTemplate for macOS, which colours the picture itself: black only.
 */
export function trayBitmap(kind: StandingKind, sidePixels: number, isTemplate: boolean): Buffer {
  const [red, green, blue] = isTemplate ? [0, 0, 0] : colours[kind];
  const pixels = Buffer.alloc(sidePixels * sidePixels * 4);
  for (let row = 0; row < sidePixels; row++) {
    for (let column = 0; column < sidePixels; column++) {
      const share = coverage(shapes[kind], row, column, sidePixels);
      const alpha = Math.round(share * 255);
      pixels.set([blue * share, green * share, red * share, alpha], (row * sidePixels + column) * 4);
    }
  }
  return pixels;
}

function coverage(isDrawn: (x: number, y: number) => boolean, row: number, column: number, side: number): number {
  let hits = 0;
  for (let step = 0; step < samples * samples; step++) {
    const x = ((column + ((step % samples) + 0.5) / samples) / side) * 2 - 1;
    const y = ((row + (Math.floor(step / samples) + 0.5) / samples) / side) * 2 - 1;
    if (isDrawn(x, y)) hits++;
  }
  return hits / (samples * samples);
}
