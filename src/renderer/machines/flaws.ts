/**
 * What makes a layout hard to read: lines that cross, lines through states, labels on one another or under a foreign line.
 * May import: nothing.
 */
import type { Box } from './drawing.ts';

interface Point {
  x: number;
  y: number;
}
export interface Line {
  id: string;
  from: string;
  to: string;
  points: readonly Point[];
  /** Its middle and size. */
  label: ({ text: string } & Box) | null;
}

/** How much each spoils the reading. */
const weights = { crossing: 1, throughState: 2, underLabel: 1, labels: 4, labelOnState: 4 };

export function flawsOf(boxes: Readonly<Record<string, Box>>, frames: ReadonlySet<string>, lines: readonly Line[]): number {
  let flaws = 0;
  const states = Object.entries(boxes).filter(([id]) => !frames.has(id));
  for (const [index, line] of lines.entries()) {
    const box = line.label === null ? null : boxOf(line.label);
    for (const [id, state] of states) {
      if (id !== line.from && id !== line.to && isCrossed(state, line.points)) flaws += weights.throughState;
      if (box !== null && overlap(box, state)) flaws += weights.labelOnState;
    }
    for (const [otherIndex, other] of lines.entries()) {
      if (other === line) continue;
      if (box !== null && isCrossed(box, other.points)) flaws += weights.underLabel;
      if (otherIndex < index) continue;
      flaws += weights.crossing * crossings(line.points, other.points);
      if (box !== null && other.label !== null && overlap(box, boxOf(other.label))) flaws += weights.labels;
    }
  }
  return flaws;
}

const boxOf = ({ x, y, width, height }: Box): Box => ({ x: x - width / 2, y: y - height / 2, width, height });
const overlap = (a: Box, b: Box) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

function isCrossed(box: Box, points: readonly Point[]): boolean {
  const left = { x: box.x, y: box.y };
  const right = { x: box.x + box.width, y: box.y + box.height };
  const diagonals: [Point, Point][] = [
    [left, right],
    [
      { x: left.x, y: right.y },
      { x: right.x, y: left.y },
    ],
  ];
  return stretchesOf(points).some(([a, b]) => diagonals.some(([c, d]) => meet(a, b, c, d)));
}
function crossings(one: readonly Point[], other: readonly Point[]): number {
  return stretchesOf(one).reduce((sum, [a, b]) => sum + stretchesOf(other).filter(([c, d]) => meet(a, b, c, d)).length, 0);
}
function stretchesOf(points: readonly Point[]): [Point, Point][] {
  return points.slice(1).map((point, index) => [points[index] ?? point, point]);
}
/** Whether two stretches cross; a common end is no crossing. */
function meet(a: Point, b: Point, c: Point, d: Point): boolean {
  const side = (p: Point, q: Point, r: Point) => Math.sign((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x));
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}
