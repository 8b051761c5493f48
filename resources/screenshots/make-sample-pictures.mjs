/**
 * `npm run -s build && npx node resources/screenshots/make-sample-pictures.mjs [ENCODER FOLDER]`: the pictures of the sample with
 * the masks that the app finds, for the README. With an encoder's file and a folder of varied photos that teach it foregrounds,
 * also those that it finds with them, for resources/docs/encoders.md. All photos of the sample are shown, not the best.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, parse, resolve } from 'node:path';
import sharp from 'sharp';

const TILE_PX = 240;
/** Around the only tile of a sheet. */
const MARGIN_PX = 4;
const GAP_PX = 5;
const COLUMNS = 4;
const WEBP = { quality: 82, effort: 6 };

const cli = resolve(import.meta.dirname, '../bin/r2o.mjs');
const sample = resolve(import.meta.dirname, '../sample');
const photos = readdirSync(join(sample, 'photos'))
  .sort()
  .map((file) => `photos/${file}`);
const work = mkdtempSync(join(tmpdir(), 'r2o-sample-'));
const [encoder, variedFolder] = process.argv.slice(2);
try {
  await drawRows('sample-masks.webp', [...photos, 'nuclei/nuclei-1.png'], [[]]);
  if (encoder && variedFolder) {
    r2o('models', 'import', encoder, ...process.argv.slice(4));
    r2o('segment', variedFolder, '--model', '1');
    await drawRows('sample-encoder.webp', photos, [[], ['--model', '1']]);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Bands of four pictures: the originals, and below them their masks in each of several ways. */
async function drawRows(name, files, ways) {
  const columns = [];
  for (const path of files.map((file) => join(sample, file))) {
    const tiles = [await sharp(path).resize(TILE_PX, TILE_PX, { fit: 'inside' }).png().toBuffer()];
    for (const [way, options] of ways.entries())
      tiles.push(await maskedTile(path, `${name}-${way}`, options));
    columns.push(tiles);
  }
  const bands = [];
  while (columns.length > 0) bands.push(columns.splice(0, COLUMNS));
  const placed = [];
  let top = 0;
  for (const band of bands) {
    const height = Math.max(...(await Promise.all(band.map(([first]) => heightOf(first)))));
    for (let row = 0; row <= ways.length; row++, top += height + GAP_PX) {
      for (const [column, tiles] of band.entries()) {
        const centred = Math.floor((height - (await heightOf(tiles[row]))) / 2);
        placed.push({ input: tiles[row], left: column * (TILE_PX + GAP_PX), top: top + centred });
      }
    }
    top += 2 * GAP_PX;
  }
  const paper = { width: COLUMNS * (TILE_PX + GAP_PX) - GAP_PX, height: top - 3 * GAP_PX, channels: 4 };
  await sharp({ create: { ...paper, background: '#00000000' } })
    .composite(placed)
    .webp(WEBP)
    .toFile(join(import.meta.dirname, name));
}

/** A picture with its objects, as a collection of its own, and so all in the first colours. */
async function maskedTile(path, group, options) {
  const collection = `${parse(path).name}-${group}`;
  const folder = join(work, collection);
  mkdirSync(folder);
  cpSync(path, join(folder, parse(path).base));
  r2o('segment', folder, ...options);
  const sheet = join(work, `${collection}.png`);
  r2o(
    'segmentations',
    'sheet',
    `${collection}, ${options.length > 0 ? 'with' : 'without'} an encoder`,
    '--out',
    sheet,
  );
  const { width, height } = await sharp(path).metadata();
  const scale = TILE_PX / Math.max(width, height);
  const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
  const left = MARGIN_PX + Math.floor((TILE_PX - size.width) / 2);
  const top = MARGIN_PX + Math.floor((TILE_PX - size.height) / 2);
  return sharp(sheet)
    .extract({ left, top, ...size })
    .png()
    .toBuffer();
}

async function heightOf(picture) {
  return (await sharp(picture).metadata()).height;
}

function r2o(...args) {
  execFileSync(process.execPath, [cli, '--data', join(work, 'data'), ...args], { stdio: 'inherit' });
}
