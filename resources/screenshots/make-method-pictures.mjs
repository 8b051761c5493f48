/**
 * `npm run -s build && npx node resources/screenshots/make-method-pictures.mjs`: the pictures of
 * resources/docs/method.md, made by the app itself of made-up scenes, in about two minutes on two cores.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { makeScene, writeScenes } from '../../src-main/core/image/scenes.ts';
import { slic } from '../../src-main/core/superpixel/slic.ts';

const FIRST_SCENE = 2208;
const SCENES = 24;
/** Three objects, one of which differs little from the ground. */
const SHOWN_SCENE = FIRST_SCENE + 1;
/** As many as the preset `paper` asks for, and as cutting asks for in images of this size (160 pixels each). */
const SUPERPIXELS = [100, 480];
const TRAINING = ['viewPx=96', 'superpixels=60', 'previews=7', 'previewImages=4'];
const EPOCHS = 16;
const GAP_PX = 6;
const WEBP = { quality: 82, effort: 6 };
const MAX_WIDTH_PX = 980;

const cli = resolve(import.meta.dirname, '../bin/r2o.mjs');
const work = mkdtempSync(join(tmpdir(), 'r2o-method-'));
try {
  await drawSuperpixels();
  await drawRegionsAndMasks();
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** A scene, and the outlines of its superpixels in two sizes. */
async function drawSuperpixels() {
  const scene = makeScene(SHOWN_SCENE);
  const image = { data: scene.pixels, widthPx: scene.widthPx, heightPx: scene.heightPx };
  const panels = [scene.pixels, ...SUPERPIXELS.map((segments) => outlined(image, slic(image, { segments })))];
  const raw = { width: scene.widthPx, height: scene.heightPx, channels: 3 };
  const step = scene.widthPx + GAP_PX;
  const parts = await Promise.all(
    panels.map(async (pixels, at) => ({
      input: await sharp(pixels, { raw }).png().toBuffer(),
      left: at * step,
      top: 0,
    })),
  );
  const paper = { width: step * panels.length - GAP_PX, height: scene.heightPx, channels: 3 };
  await sharp({ create: { ...paper, background: '#ffffff' } })
    .composite(parts)
    .webp(WEBP)
    .toFile(join(import.meta.dirname, 'method-superpixels.webp'));
}

/** The image with a white line wherever two superpixels meet. */
function outlined({ data, widthPx, heightPx }, { labels }) {
  const out = Uint8Array.from(data);
  for (let y = 0, at = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, at++) {
      const isEdge =
        (x + 1 < widthPx && labels[at] !== labels[at + 1]) ||
        (y + 1 < heightPx && labels[at] !== labels[at + widthPx]);
      if (isEdge) out.fill(255, at * 3, at * 3 + 3);
    }
  }
  return out;
}

/** Regions over a short pretraining, and the objects of the same scenes. */
async function drawRegionsAndMasks() {
  await writeScenes(work, { count: SCENES, seed: FIRST_SCENE });
  r2o('collections', 'add', join(work, 'images'), '--name', 'scenes');
  r2o('pretrain', 'scenes', '--epochs', String(EPOCHS), '--set', ...TRAINING);
  await drawn('method-regions.webp', (out) => r2o('runs', 'previews', '1', '--out', out));
  r2o('segment', 'scenes', '--model', '1');
  await drawn('method-masks.webp', (out) =>
    r2o('segmentations', 'sheet', '1', '--out', out, '--images', '12'),
  );
}

/** What the app drew, as a small WebP beside the other pictures. */
async function drawn(name, draw) {
  const path = join(work, `${name}.png`);
  draw(path);
  await sharp(path)
    .resize({ width: MAX_WIDTH_PX, withoutEnlargement: true })
    .webp(WEBP)
    .toFile(join(import.meta.dirname, name));
}

function r2o(...args) {
  execFileSync(process.execPath, [cli, '--data', join(work, 'data'), ...args], { stdio: 'inherit' });
}
