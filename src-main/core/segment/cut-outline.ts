import type { RgbImage } from '../image/decode.ts';
import type { Grid } from '../superpixel/components.ts';
import { quickLab } from '../superpixel/slic-lab.ts';
import { squaredLabDistance } from './lab-distance.ts';
import { minimumCut } from './max-flow.ts';
import { boxMean } from './box-mean.ts';

/** Reach of the band around an outline in which each pixel is decided anew, in shares of the longer side. */
const REACH = 0.019;
/** Side of the cells in which colours are gathered, in shares of the longer side. */
const CELL = 0.025;
/** Cells around a pixel's own whose colours it is compared with: a window of five. */
const WINDOW = 2;
/** Variance that is added to each of Lab: noise and JPEG leave no colour without some. */
const NOISE = 16;
/** Pixels on either side from which the colours of a window can be distinguished. */
const MIN_PX = 8;
/** Weights of colours and of the outline's length. */
const COLOUR = 0.5;
const SMOOTHNESS = 8;
/** The colours' log ratio is kept within this: a window's colours are no normal distribution. */
const MAX_LOGIT = 4;
/** Log ratio of a pixel whose side is given. */
const SURE = 1_000;
/** Share of the outline's cost that stays where neighbours differ most. */
const FLOOR = 0.02;
/** Sums of a cell on one side of the outline: pixels, Lab, squares of Lab. */
const SUMS = 7;

/** No node of the band. */
const NONE = -1;

/** A pixel's neighbours, with the weight of a step between them: less for diagonal ones, which are further away. */
const NEIGHBOURS = [-1, 0, 1].flatMap((dy) =>
  [-1, 0, 1].flatMap((dx) =>
    dx === 0 && dy === 0 ? [] : [{ dx, dy, weight: SMOOTHNESS / Math.hypot(dx, dy) }],
  ),
);

/**
 * Moves the outline of a mask to the edges of an image: pixels near it are divided anew by a minimum cut, by the
 * colours inside and outside around them and by the contrast between neighbours, as in GrabCut (Rother et al. 2004).
 * @param mask [H, W], 1 inside
 * @returns [H, W]; equal to `mask` further from its outline than 2 % of the longer side
 */
export function cutOutline(image: RgbImage, mask: Uint8Array): Uint8Array {
  const { widthPx, heightPx } = image;
  return cutLabOutline({ lab: quickLab(image), widthPx, heightPx }, mask);
}

/** Colours of a picture or of a part of it: `lab` [H, W, 3]. */
type LabPicture = Grid & { lab: Float32Array };

/** What is known before an outline is cut. */
type KnownOutline = {
  /** [H, W]: 1 for pixels that are inside whatever the colours say, -1 for those outside. */
  fixed?: Int8Array;
  /** Longer side of the picture that the colours are a part of. */
  sidePx?: number;
  /** Reach of the band, in pixels. */
  reachPx?: number;
};

/** As `cutOutline`, by colours that are known already, and of a part of a picture only. */
export function cutLabOutline(
  picture: LabPicture,
  mask: Uint8Array,
  {
    fixed,
    sidePx = Math.max(picture.widthPx, picture.heightPx),
    reachPx = Math.max(2, Math.round(REACH * sidePx)),
  }: KnownOutline = {},
): Uint8Array {
  const band = bandOf(mask, picture, reachPx);
  if (band.pixels.length === 0) return mask;
  const logits = colourLogits(picture, mask, { pixels: band.pixels, sidePx });
  if (fixed) {
    for (let node = 0; node < logits.length; node++) {
      const said = fixed[band.pixels[node] ?? 0] ?? 0;
      if (said !== 0) logits[node] = SURE * said;
    }
  }
  const side = cutBand({ picture, mask, band, logits });
  const out = mask.slice();
  for (let node = 0; node < side.length; node++) out[band.pixels[node] ?? 0] = side[node] ?? 0;
  return out;
}

/** Pixels near an outline: `pixels` lists them, `nodes` [H, W] holds the place of each in the list, else NONE. */
type Band = { pixels: Int32Array; nodes: Int32Array };

function bandOf(mask: Uint8Array, { widthPx, heightPx }: Grid, radius: number): Band {
  const shares = boxMean(mask, { widthPx, heightPx, radius });
  // A window of one side has a share of 0 or 1, but for rounding.
  const isNear = (pixel: number) => Math.abs((shares[pixel] ?? 0) - 0.5) < 0.499;
  const nodes = new Int32Array(mask.length).fill(NONE);
  let count = 0;
  for (let pixel = 0; pixel < mask.length; pixel++) if (isNear(pixel)) nodes[pixel] = count++;
  const pixels = new Int32Array(count);
  for (let pixel = 0; pixel < mask.length; pixel++) {
    const node = nodes[pixel] ?? NONE;
    if (node !== NONE) pixels[node] = pixel;
  }
  return { pixels, nodes };
}

/** [band]: log ratio of a pixel's colour under those inside and those outside around it. */
function colourLogits(
  { lab, widthPx, heightPx }: LabPicture,
  mask: Uint8Array,
  { pixels, sidePx }: { pixels: Int32Array; sidePx: number },
): Float32Array {
  const cellPx = Math.max(4, Math.round(CELL * sidePx));
  const [columns, rows] = [Math.ceil(widthPx / cellPx), Math.ceil(heightPx / cellPx)];
  const cells = [0, 1].map(() => new Float64Array(columns * rows * SUMS));
  for (let y = 0, pixel = 0; y < heightPx; y++) {
    const row = Math.floor(y / cellPx) * columns;
    for (let x = 0; x < widthPx; x++, pixel++) {
      const own = cells[mask[pixel] ?? 0];
      if (own) addColour(own, (row + Math.floor(x / cellPx)) * SUMS, lab, pixel);
    }
  }
  const [outside, inside] = cells.map((own) => windowSums(own, columns, rows));
  if (!outside || !inside) throw new Error('an outline has two sides');
  const logits = new Float32Array(pixels.length);
  for (let node = 0; node < pixels.length; node++) {
    const pixel = pixels[node] ?? 0;
    const x = pixel % widthPx;
    const at = (Math.floor((pixel - x) / widthPx / cellPx) * columns + Math.floor(x / cellPx)) * SUMS;
    if ((inside[at] ?? 0) < MIN_PX || (outside[at] ?? 0) < MIN_PX) continue;
    const logit = logDensity(inside, at, lab, pixel) - logDensity(outside, at, lab, pixel);
    logits[node] = Math.min(Math.max(logit, -MAX_LOGIT), MAX_LOGIT);
  }
  return logits;
}

function addColour(sums: Float64Array, at: number, lab: Float32Array, pixel: number): void {
  sums[at] = (sums[at] ?? 0) + 1;
  for (let c = 0; c < 3; c++) {
    const value = lab[pixel * 3 + c] ?? 0;
    sums[at + 1 + c] = (sums[at + 1 + c] ?? 0) + value;
    sums[at + 4 + c] = (sums[at + 4 + c] ?? 0) + value * value;
  }
}

/** [rows, columns, SUMS]: of each cell and those around it. */
function windowSums(cells: Float64Array, columns: number, rows: number): Float64Array {
  const across = new Float64Array(cells.length);
  const out = new Float64Array(cells.length);
  const add = (to: Float64Array, at: number, from: Float64Array, other: number) => {
    for (let i = 0; i < SUMS; i++)
      to[at * SUMS + i] = (to[at * SUMS + i] ?? 0) + (from[other * SUMS + i] ?? 0);
  };
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const last = Math.min(x + WINDOW, columns - 1);
      for (let other = Math.max(x - WINDOW, 0); other <= last; other++) {
        add(across, y * columns + x, cells, y * columns + other);
      }
    }
  }
  for (let y = 0; y < rows; y++) {
    const last = Math.min(y + WINDOW, rows - 1);
    for (let other = Math.max(y - WINDOW, 0); other <= last; other++) {
      for (let x = 0; x < columns; x++) add(out, y * columns + x, across, other * columns + x);
    }
  }
  return out;
}

/** Log density of a pixel's colour under independent normal distributions of Lab, up to a constant. */
function logDensity(sums: Float64Array, at: number, lab: Float32Array, pixel: number): number {
  const count = sums[at] ?? 1;
  let sum = 0;
  for (let c = 0; c < 3; c++) {
    const mean = (sums[at + 1 + c] ?? 0) / count;
    const variance = Math.max((sums[at + 4 + c] ?? 0) / count - mean * mean, 0) + NOISE;
    const offset = (lab[pixel * 3 + c] ?? 0) - mean;
    sum -= (Math.log(variance) + (offset * offset) / variance) / 2;
  }
  return sum;
}

type BandTask = { picture: LabPicture; mask: Uint8Array; band: Band; logits: Float32Array };

/** [band]: 1 inside. Pixels beyond the band keep their side and pull at their neighbours in it. */
function cutBand({ picture, mask, band, logits }: BandTask): Uint8Array {
  const { lab, widthPx, heightPx } = picture;
  const { pixels, nodes } = band;
  const scale = -1 / (2 * meanContrast(picture, pixels) + 1e-6);
  const terminal = logits.map((logit) => COLOUR * logit);
  const most = pixels.length * (NEIGHBOURS.length / 2);
  const [from, to, capacity] = [new Int32Array(most), new Int32Array(most), new Float32Array(most)];
  let edges = 0;
  for (let node = 0; node < pixels.length; node++) {
    const pixel = pixels[node] ?? 0;
    const x = pixel % widthPx;
    const y = (pixel - x) / widthPx;
    for (const { dx, dy, weight } of NEIGHBOURS) {
      if (x + dx < 0 || x + dx >= widthPx || y + dy < 0 || y + dy >= heightPx) continue;
      const neighbour = pixel + dy * widthPx + dx;
      const other = nodes[neighbour] ?? NONE;
      // Within the band each pair is listed once.
      if (other !== NONE && other < node) continue;
      const likeness = Math.exp(scale * squaredLabDistance(lab, pixel, neighbour));
      const cost = weight * (FLOOR + (1 - FLOOR) * likeness);
      if (other === NONE) terminal[node] = (terminal[node] ?? 0) + (mask[neighbour] ? cost : -cost);
      else {
        from[edges] = node;
        to[edges] = other;
        capacity[edges++] = cost;
      }
    }
  }
  const edgeList = { from, to, capacity: capacity.subarray(0, edges) };
  return minimumCut({ nodeCount: pixels.length, terminal, ...edgeList });
}

/** Mean squared distance of a pixel's colour from those on its right and below. */
function meanContrast({ lab, widthPx, heightPx }: LabPicture, pixels: Int32Array): number {
  let [sum, count] = [0, 0];
  for (const pixel of pixels) {
    const x = pixel % widthPx;
    if (x + 1 < widthPx) {
      sum += squaredLabDistance(lab, pixel, pixel + 1);
      count++;
    }
    if (pixel + widthPx < widthPx * heightPx) {
      sum += squaredLabDistance(lab, pixel, pixel + widthPx);
      count++;
    }
  }
  return sum / Math.max(count, 1);
}
