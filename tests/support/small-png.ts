/**
 * A picture of a page as a small PNG: 256 colours, without transparency, packed as tightly as the format allows.
 * May import: node.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** @param png 8 bits a channel, RGB or RGBA, not interlaced: what a browser makes. */
export function smallPng(png: Buffer): Buffer {
  const width = png.readUInt32BE(16);
  const height = png.readUInt32BE(20);
  const channels = png[25] === 6 ? 4 : 3;
  const pixels = unfiltered(inflateSync(imageData(png)), { width, height, channels });
  const indexed = byPalette(pixels, { width, height, channels });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('PLTE', indexed.palette),
    chunk('IDAT', deflateSync(indexed.rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function imageData(png: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  return Buffer.concat(parts);
}

interface Shape {
  width: number;
  height: number;
  channels: number;
}
/** Undoes the five filters of PNG (section 9.2). */
function unfiltered(data: Buffer, { width, height, channels }: Shape): Buffer {
  const stride = width * channels;
  const pixels = Buffer.alloc(stride * height);
  for (let row = 0; row < height; row += 1) {
    const filter = data[row * (stride + 1)] ?? 0;
    for (let column = 0; column < stride; column += 1) {
      const at = row * stride + column;
      const left = column >= channels ? (pixels[at - channels] ?? 0) : 0;
      const up = row > 0 ? (pixels[at - stride] ?? 0) : 0;
      const corner = row > 0 && column >= channels ? (pixels[at - stride - channels] ?? 0) : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0;
      pixels[at] = (data[row * (stride + 1) + 1 + column] ?? 0) + guess;
    }
  }
  return pixels;
}
function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const [toLeft, toUp, toCorner] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** The 256 colours that matter most; every other pixel takes the nearest of them. */
function byPalette(pixels: Buffer, { width, height, channels }: Shape): { palette: Buffer; rows: Buffer } {
  const counts = new Map<number, number>();
  const colourAt = (at: number) => ((pixels[at] ?? 0) << 16) | ((pixels[at + 1] ?? 0) << 8) | (pixels[at + 2] ?? 0);
  for (let at = 0; at < pixels.length; at += channels) counts.set(colourAt(at), (counts.get(colourAt(at)) ?? 0) + 1);
  const chosen = spread([...counts].sort((a, b) => b[1] - a[1]).map(([colour]) => colour));
  const nearest = new Map<number, number>();
  const rows = Buffer.alloc((width + 1) * height);
  for (let row = 0; row < height; row += 1)
    for (let column = 0; column < width; column += 1) {
      const colour = colourAt((row * width + column) * channels);
      let index = nearest.get(colour);
      if (index === undefined) nearest.set(colour, (index = nearestOf(chosen, colour)));
      rows[row * (width + 1) + 1 + column] = index;
    }
  return { palette: Buffer.from(chosen.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255])), rows };
}
/** The most frequent first, leaving out those that look like one already chosen. */
function spread(colours: readonly number[]): number[] {
  const chosen: number[] = [];
  for (const alike of [300, 60, 0])
    for (const colour of colours) {
      if (chosen.length === 256) return chosen;
      if (chosen.every((each) => distance(each, colour) > alike)) chosen.push(colour);
    }
  return chosen;
}
function nearestOf(chosen: readonly number[], colour: number): number {
  let best = 0;
  let bestDistance = Infinity;
  chosen.forEach((each, index) => {
    const far = distance(each, colour);
    if (far < bestDistance) [best, bestDistance] = [index, far];
  });
  return best;
}
const distance = (a: number, b: number) =>
  ((a >> 16) - (b >> 16)) ** 2 + (((a >> 8) & 255) - ((b >> 8) & 255)) ** 2 + ((a & 255) - (b & 255)) ** 2;

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}
