import { join } from 'node:path';
import { RandomStream } from '../tensor/random.ts';
import { sharp } from './sharp-setup.ts';
import { makeFolder } from '../../domain/make-folder.ts';

/** A synthetic photo and its ground truth. */
export type Scene = {
  widthPx: number;
  heightPx: number;
  /** [H, W, 3] uint8 */
  pixels: Uint8Array;
  /** [H, W] uint8: 0 background, 1.. one number an object, later objects in front */
  labels: Uint8Array;
};

type Point = { x: number; y: number };
/** Colour of a surface at a point, each channel 0..255. */
type Texture = (x: number, y: number) => [number, number, number];
type Shape = {
  centre: Point;
  radiusPx: number;
  squash: number;
  angle: number;
  waves: { count: number; height: number; phase: number }[];
};

const MAX_OBJECTS = 3;
const NOISE_AMPLITUDE = 12;

/**
 * A textured scene with one to three objects whose outlines are known, the same for the same seed.
 *
 * Objects differ from what lies behind them by texture as well as by colour, they have wavy outlines and
 * shading, and the whole picture has sensor noise: a threshold on colour does not find them.
 */
export function makeScene(seed: number, widthPx = 320, heightPx = 240): Scene {
  const stream = new RandomStream(seed);
  const random = () => stream.uniform();
  const pixels = new Uint8Array(widthPx * heightPx * 3);
  const labels = new Uint8Array(widthPx * heightPx);
  const background = makeTexture(random);
  const count = 1 + Math.floor(random() * MAX_OBJECTS);
  const objects = Array.from({ length: count }, () => ({
    shape: makeShape(random, widthPx, heightPx),
    texture: makeTexture(random),
  }));
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const front = objects.findLastIndex(({ shape }) => depthInside(shape, x, y) > 0);
      const object = objects[front];
      const colour = object ? object.texture(x, y) : background(x, y);
      // Objects darken towards their edge, as round things do.
      const light = object ? 0.65 + 0.35 * Math.sqrt(depthInside(object.shape, x, y)) : 1;
      const at = y * widthPx + x;
      labels[at] = front + 1;
      for (const [channel, value] of colour.entries()) {
        const noise = (random() + random() - 1) * NOISE_AMPLITUDE;
        pixels[at * 3 + channel] = Math.max(0, Math.min(255, Math.round(value * light + noise)));
      }
    }
  }
  return { widthPx, heightPx, pixels, labels };
}

/**
 * Writes scenes as `images/scene-000.jpg` and their object masks as `masks/scene-000.png` (0 or 255).
 * @param options.seed the first scene's; the others follow
 */
export async function writeScenes(folder: string, options: { count: number; seed: number }): Promise<void> {
  const images = join(folder, 'images');
  const masks = join(folder, 'masks');
  await Promise.all([makeFolder(images), makeFolder(masks)]);
  for (let index = 0; index < options.count; index++) {
    const { widthPx: width, heightPx: height, pixels, labels } = makeScene(options.seed + index);
    const name = `scene-${String(index).padStart(3, '0')}`;
    await sharp(pixels, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 92 })
      .toFile(join(images, `${name}.jpg`));
    const mask = labels.map((label) => (label > 0 ? 255 : 0));
    await sharp(mask, { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toFile(join(masks, `${name}.png`));
  }
}

/** How far inside a shape a point lies: 1 at its centre, 0 on the outline, negative outside. */
function depthInside({ centre, radiusPx, squash, angle, waves }: Shape, x: number, y: number): number {
  const dx = x - centre.x;
  const dy = y - centre.y;
  const u = Math.cos(angle) * dx + Math.sin(angle) * dy;
  const v = (Math.cos(angle) * dy - Math.sin(angle) * dx) / squash;
  const direction = Math.atan2(v, u);
  const outline = waves.reduce(
    (sum, { count, height, phase }) => sum + height * Math.sin(count * direction + phase),
    1,
  );
  return 1 - Math.hypot(u, v) / (radiusPx * outline);
}

function makeShape(random: () => number, widthPx: number, heightPx: number): Shape {
  const between = (low: number, high: number) => low + random() * (high - low);
  const radiusPx = Math.min(widthPx, heightPx) * between(0.16, 0.34);
  return {
    centre: { x: between(0.22, 0.78) * widthPx, y: between(0.25, 0.75) * heightPx },
    radiusPx,
    squash: between(0.6, 1),
    angle: between(0, Math.PI),
    waves: [2, 3, 5].map((count) => ({ count, height: between(0, 0.16), phase: between(0, 2 * Math.PI) })),
  };
}

function makeTexture(random: () => number): Texture {
  const colour = () => [random() * 200 + 30, random() * 200 + 30, random() * 200 + 30] as const;
  const [first, second] = [colour(), colour()];
  const cellPx = 6 + random() * 40;
  const angle = random() * Math.PI;
  const stretch = random() < 0.4 ? 6 : 1;
  const contrast = 0.25 + random() * 0.6;
  const lattice = makeLattice(random);
  return (x, y) => {
    const u = (Math.cos(angle) * x + Math.sin(angle) * y) / cellPx;
    const v = (Math.cos(angle) * y - Math.sin(angle) * x) / (cellPx * stretch);
    const mix = 0.5 + (0.65 * lattice(u, v) + 0.35 * lattice(2.1 * u + 9, 2.1 * v) - 0.5) * contrast;
    return [0, 1, 2].map((channel) => {
      const from = first[channel] ?? 0;
      return from + ((second[channel] ?? 0) - from) * mix;
    }) as [number, number, number];
  };
}

/** Smooth value noise in 0..1 on a repeating lattice of 32 x 32 random values. */
function makeLattice(random: () => number): (u: number, v: number) => number {
  const side = 32;
  const values = Float32Array.from({ length: side * side }, random);
  const at = (i: number, j: number) => values[(j & (side - 1)) * side + (i & (side - 1))] ?? 0;
  const smooth = (t: number) => t * t * (3 - 2 * t);
  return (u, v) => {
    const i = Math.floor(u);
    const j = Math.floor(v);
    const s = smooth(u - i);
    const t = smooth(v - j);
    const top = at(i, j) * (1 - s) + at(i + 1, j) * s;
    const bottom = at(i, j + 1) * (1 - s) + at(i + 1, j + 1) * s;
    return top * (1 - t) + bottom * t;
  };
}
