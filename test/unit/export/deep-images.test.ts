import Database from 'better-sqlite3';
import { parquetReadObjects } from 'hyparquet';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { ExportFormat } from '../../../src-main/contract/export.ts';
import { exportDrawn, type DrawnImage } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';
import { pngFile } from '../../support/png-files.ts';
import { scienceTiff } from '../../support/test-images.ts';

const SIZE = { widthPx: 8, heightPx: 6 };
const RANGE = { from: 100, to: 940 };
/** 100 at the left border, 940 at the right one: of 65,535, nearly black. */
const levelAt = (x: number) => 100 + 120 * x;
const BRIGHTNESS = { setting: { kind: 'range' as const, range: RANGE }, measured: {} };

const mask = {
  bitmap: bitmapOf('####....', '####....', '........', '........', '........', '........'),
  className: 'cell',
};
const DEEP: Record<string, DrawnImage> = {
  'a PNG of 16 bits': {
    relPath: 'deep.png',
    bytes: pngFile({ ...SIZE, bitDepth: 16, colourType: 0, samplesAt: (x) => [levelAt(x)] }),
    ...SIZE,
    masks: [mask],
  },
  'a TIFF of 16 bits': {
    relPath: 'deep.tif',
    bytes: scienceTiff({ ...SIZE, sample: 'uint16', samplesAt: (x) => [levelAt(x)] }),
    ...SIZE,
    masks: [mask],
  },
  'a TIFF of floating point': {
    relPath: 'deep.tif',
    bytes: scienceTiff({ ...SIZE, sample: 'float32', samplesAt: (x) => [levelAt(x)] }),
    ...SIZE,
    masks: [mask],
  },
};

/** The first row of each exported picture with 8 bits, red of every pixel. */
async function shownRows(folder: string, format: ExportFormat): Promise<number[][]> {
  const pictures = await picturesIn(folder, format);
  const rows = pictures.map(async (bytes) => {
    const { depth } = await sharp(bytes).metadata();
    if (depth !== 'uchar') return [];
    const { data, info } = await sharp(bytes)
      .removeAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    return Array.from({ length: info.width }, (_, x) => data[x * info.channels] ?? NaN);
  });
  return Promise.all(rows);
}

async function picturesIn(path: string, format: ExportFormat): Promise<Uint8Array[]> {
  if (format === 'sqlite') {
    const database = new Database(path, { readonly: true });
    onTestFinished(() => void database.close());
    return z
      .array(z.instanceof(Uint8Array))
      .parse(database.prepare('SELECT bytes FROM images').pluck().all());
  }
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name));
  const parquet = files.find((file) => file.endsWith('.parquet'));
  if (parquet !== undefined) {
    const { buffer, byteOffset, byteLength } = readFileSync(parquet);
    const file = buffer.slice(byteOffset, byteOffset + byteLength);
    const rows = await parquetReadObjects({ file, utf8: false, columns: ['image'] });
    return rows.map(
      (row) => z.object({ image: z.object({ bytes: z.instanceof(Uint8Array) }) }).parse(row).image.bytes,
    );
  }
  return files.filter((file) => /\.(png|jpg)$/.test(file)).map((file) => readFileSync(file));
}

describe.each(ExportFormat.options)('an export as %s', (format) => {
  test.each(Object.entries(DEEP))('shows %s by the brightness of its collection', async (_, image) => {
    const { folder } = await exportDrawn([image], { format, brightness: BRIGHTNESS });
    const expected = Array.from({ length: SIZE.widthPx }, (_, x) => ((levelAt(x) - RANGE.from) / 840) * 255);
    const rows = await shownRows(folder, format);
    // As JPEG, where a format knows nothing else, levels move a little.
    const isShown = (row: number[]) =>
      row.length === SIZE.widthPx && row.every((level, x) => Math.abs(level - (expected[x] ?? NaN)) <= 4);
    expect(rows.filter(isShown), JSON.stringify(rows)).toHaveLength(1);
  });
});
