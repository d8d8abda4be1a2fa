/**
 * A smooth line along points, as an SVG path.
 * May import: nothing.
 */

export interface Point {
  x: number;
  y: number;
}
/** How far a line keeps its direction where it meets a bend, as a share of its length. */
const slopeShare = 0.18;

/** @param meetsBend a single bend meets its point, so that a label there lies on the line; else bends are rounded off. */
export function curveOf(points: readonly Point[], meetsBend: boolean): string {
  const [first, ...rest] = points;
  const [bend, last] = rest;
  if (first === undefined || bend === undefined) return '';
  if (last === undefined) return `M${at(first)}L${at(bend)}`;
  if (rest.length === 2 && meetsBend) {
    const slope = { x: (last.x - first.x) * slopeShare, y: (last.y - first.y) * slopeShare };
    const [before, after] = [moved(bend, slope, -1), moved(bend, slope, 1)];
    return `M${at(first)}Q${at(before)} ${at(bend)}Q${at(after)} ${at(last)}`;
  }
  let path = `M${at(first)}`;
  for (let index = 0; index < rest.length - 1; index += 1) {
    const here = rest[index] ?? first;
    const next = rest[index + 1] ?? first;
    path += `Q${at(here)} ${at(index === rest.length - 2 ? next : middle(here, next))}`;
  }
  return path;
}
const at = ({ x, y }: Point) => `${tenths(x)},${tenths(y)}`;
const tenths = (value: number) => Math.round(value * 10) / 10;
const middle = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
const moved = (point: Point, by: Point, times: number): Point => ({ x: point.x + by.x * times, y: point.y + by.y * times });
