/**
 * Clicks to an IoU and the time of a click, in a process of its own: encoders need the bundled engine. Takes MeasureOptions as
 * JSON, prints MeasuredClicks as one line of it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClickSeed, ClickSeeds } from '../../../src-main/contract/click-seeds.ts';
import { DEFAULT_IMAGE_LIMITS } from '../../../src-main/core/image/image-limits.ts';
import { sharp } from '../../../src-main/core/image/sharp-setup.ts';
import { CLICK_WEIGHTS } from '../../../src-main/core/segment/click/click-logits.ts';
import { clickScene, type ClickScene } from '../../../src-main/core/segment/click/click-scene.ts';
import {
  ClickedObject,
  segmentByClicks,
  type ClickOptions,
} from '../../../src-main/core/segment/click/click-segment.ts';
import { placeSeeds } from '../../../src-main/core/segment/click/place-seeds.ts';
import { decodePixels, embed } from '../../../src-main/core/segment/embed-image.ts';
import {
  FeatureExtractor,
  segmentFeatures,
  type RemoteEncoder,
} from '../../../src-main/core/segment/encoder.ts';
import { enlargeMask } from '../../../src-main/core/segment/enlarge-mask.ts';
import { frozenGraph } from '../../../src-main/core/segment/frozen-graph.ts';
import { recogniseGraph } from '../../../src-main/core/weights/onnx-graph/graph-encoder.ts';
import { brushStrokes } from './brush.ts';
import type { MeasuredClicks, MeasureOptions, Played } from './measured.ts';
import { GOAL, iouOf, MAX_CLICKS, nextClick, type Target } from './protocol.ts';
import { photosOf, type Photo } from './targets.ts';

const INPUT_PX = 320;
const LARGE = { widthPx: 4000, heightPx: 3000 };
const TIMED_PHOTOS = 12;
const TIMED_CLICKS = 6;

type Case = { set: string; photo: Photo; target: Target };
type Way = {
  name: string;
  encoder: RemoteEncoder | null;
  options: ClickOptions;
  start?: 'box';
  hasTab?: boolean;
};

const options = JSON.parse(process.argv[2] ?? '{}') as MeasureOptions;
console.log(JSON.stringify(await measure(options)));
process.exit(0);

async function measure({ encoder: file, every, folder, isAblated }: MeasureOptions): Promise<MeasuredClicks> {
  const cases = await casesOf(every);
  const encoder = file ? await openEncoder(file) : null;
  const played: Played[] = cases.map(({ set, target }) => ({
    way: 'brush',
    set,
    ious: brushStrokes(target),
  }));
  const ways = waysOf(encoder, isAblated);
  let last: { photo: Photo; scenes: Map<RemoteEncoder | null, ClickScene> } | undefined;
  for (const { set, photo, target } of cases) {
    if (last?.photo !== photo) last = { photo, scenes: await scenesOf(photo.bytes, encoder) };
    for (const way of ways) {
      const scene = last.scenes.get(way.encoder);
      if (scene) played.push({ way: way.name, set, ious: play(scene, target, way) });
    }
  }
  return { played, timed: await timeClicks(encoder), list: await writeList(cases, folder) };
}

/** A photo made ready with each encoder, and without. */
async function scenesOf(bytes: Uint8Array, encoder: RemoteEncoder | null) {
  const scenes = new Map<RemoteEncoder | null, ClickScene>();
  for (const one of new Set([null, encoder])) scenes.set(one, await sceneOf(bytes, one));
  return scenes;
}

async function casesOf(every: number): Promise<Case[]> {
  const cases: Case[] = [];
  for (const set of ['pets', 'coco'] as const) {
    const photos = (await photosOf(set)).filter((_, at) => at % every === 0);
    for (const photo of photos) cases.push(...photo.targets.map((target) => ({ set, photo, target })));
  }
  return cases;
}

async function openEncoder(path: string): Promise<RemoteEncoder> {
  const frozen = frozenGraph(path, (await recogniseGraph(path, {})).description);
  const features = segmentFeatures(frozen.backbone);
  const extractor = new FeatureExtractor(frozen, { device: 'onnx:cpu', threads: 1, features });
  return { rules: extractor.rules, encode: extractor.features.bind(extractor) };
}

function waysOf(encoder: RemoteEncoder | null, isAblated: boolean): Way[] {
  const own = encoder ? [{ name: 'clicks, encoder', encoder, options: {} }] : [];
  const tabs = { encoder, options: { isNested: true }, hasTab: true };
  const ways: Way[] = [
    { name: 'clicks, no encoder', encoder: null, options: {} },
    ...own,
    { name: 'clicks and Tab', ...tabs },
    { name: 'box, then clicks', encoder, options: {}, start: 'box' },
  ];
  if (!isAblated) return ways;
  const without = (['ways', 'features', 'saliency', 'colours', 'smoothness'] as const).map((weight) => ({
    name: `without ${weight}`,
    encoder,
    options: { weights: { ...CLICK_WEIGHTS, [weight]: weight === 'smoothness' ? 0.1 : 0 } },
  }));
  return [...ways, ...without, { name: 'without pixels', encoder, options: { isRefined: false } }];
}

async function sceneOf(bytes: Uint8Array, encoder: RemoteEncoder | null): Promise<ClickScene> {
  const pixels = await decodePixels(bytes, DEFAULT_IMAGE_LIMITS);
  return await clickScene(pixels, await embed(pixels, encoder, INPUT_PX));
}

/** IoU after every click; with Tab, also after every press of it that a person would make, as it makes things better. */
function play(scene: ClickScene, target: Target, { options: how, start, hasTab }: Way): number[] {
  const seeds: ClickSeed[] = [];
  const box = start === 'box' ? boxOf(target) : null;
  const ious: number[] = [];
  let mask: Uint8Array = new Uint8Array(target.truth.length);
  const answer = (given: ClickSeeds) =>
    segmentByClicks(scene, placeSeeds(given, target, scene.graph.map), { isNested: false, ...how });
  const show = ({ masks, best }: ReturnType<typeof answer>) => {
    mask = masks[best] ?? mask;
    ious.push(iouOf(mask, target));
    const other = hasTab && masks.find((one) => iouOf(one, target) >= GOAL);
    if (other && (ious.at(-1) ?? 0) < GOAL) ious.push(iouOf(other, target));
  };
  if (box) show(answer({ seeds: [], box }));
  while (ious.length < MAX_CLICKS && (ious.at(-1) ?? 0) < GOAL) {
    const click = nextClick(mask, target);
    if (!click) break;
    seeds.push(seedAt(click, target));
    show(answer({ seeds, box }));
  }
  return ious;
}

function seedAt({ pixel, isInside }: { pixel: number; isInside: boolean }, { widthPx }: Target): ClickSeed {
  const x = pixel % widthPx;
  return { points: [{ x: x + 0.5, y: (pixel - x) / widthPx + 0.5 }], radius: 0, isInside };
}

function boxOf({ truth, widthPx }: Target): ClickSeeds['box'] {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -1, -1];
  truth.forEach((value, pixel) => {
    if (value !== 1) return;
    const [x, y] = [pixel % widthPx, Math.floor(pixel / widthPx)];
    [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)];
  });
  return { x: x0, y: y0, width: x1 - x0 + 1, height: y1 - y0 + 1 };
}

/** Photos enlarged to 12 megapixels: the time to make one ready, and of each click, to run lengths on the original's grid. */
async function timeClicks(encoder: RemoteEncoder | null): Promise<MeasuredClicks['timed']> {
  const photos = (await photosOf('pets')).filter((_, at) => at % 20 === 0).slice(0, TIMED_PHOTOS);
  const timed: MeasuredClicks['timed'] = { openMs: [], clickMs: [], clickCpuMs: [], othersMs: [] };
  for (const { bytes, targets } of photos) {
    const size = { width: LARGE.widthPx, height: LARGE.heightPx, fit: 'fill' } as const;
    const large = await sharp(bytes).resize(size).jpeg({ quality: 90 }).toBuffer();
    const startMs = performance.now();
    const scene = await sceneOf(large, encoder);
    timed.openMs.push(performance.now() - startMs);
    const [target] = targets;
    if (target) timeOn(scene, target, timed);
  }
  return timed;
}

function timeOn(scene: ClickScene, target: Target, timed: MeasuredClicks['timed']): void {
  const seeds: ClickSeed[] = [];
  let mask: Uint8Array = new Uint8Array(target.truth.length);
  for (let at = 0; at < TIMED_CLICKS; at++) {
    const click = nextClick(mask, target);
    if (!click) return;
    seeds.push(seedAt(click, target));
    const [startMs, startCpu] = [performance.now(), process.cpuUsage()];
    const given = placeSeeds({ seeds, box: null }, target, scene.graph.map);
    const clicked = new ClickedObject(scene, given);
    const { masks, best } = clicked.bestOnly();
    for (const one of masks) enlargeMask(one, scene.fine, LARGE);
    timed.clickMs.push(performance.now() - startMs);
    const { user, system } = process.cpuUsage(startCpu);
    timed.clickCpuMs.push((user + system) / 1_000);
    const moreMs = performance.now();
    for (const one of clicked.answers().masks) enlargeMask(one, scene.fine, LARGE);
    timed.othersMs.push(performance.now() - moreMs);
    const answer = masks[best];
    if (answer) mask = onTruth(answer, scene, target);
  }
}

/** A mask of the fine grid at the nearest pixels of the truth. */
function onTruth(mask: Uint8Array, { fine }: ClickScene, { widthPx, heightPx, truth }: Target): Uint8Array {
  return truth.map((_, pixel) => {
    const x = Math.floor((((pixel % widthPx) + 0.5) * fine.widthPx) / widthPx);
    const y = Math.floor(((Math.floor(pixel / widthPx) + 0.5) * fine.heightPx) / heightPx);
    return mask[y * fine.widthPx + x] ?? 0;
  });
}

/** Pictures and truths as files, for other programs. */
async function writeList(cases: readonly Case[], folder: string): Promise<MeasuredClicks['list']> {
  const list: MeasuredClicks['list'] = [];
  for (const [at, { set, photo, target }] of cases.entries()) {
    const [image, truth] = [join(folder, `${at}.png`), join(folder, `${at}-truth.png`)];
    const raw = { width: target.widthPx, height: target.heightPx, channels: 1 } as const;
    await sharp(photo.bytes).png().toFile(image);
    writeFileSync(truth, await sharp(target.truth, { raw }).toColourspace('b-w').png().toBuffer());
    list.push({ set, image, truth });
  }
  return list;
}
