import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { RunId, SegmentationId } from '../../../src-main/contract/ids.ts';
import {
  backupFiles,
  bestEncoderFile,
  cacheEntry,
  cachePlace,
  checkpointName,
  dataLayout,
  imageListFile,
  isBackup,
  isCheckpointName,
  modelFile,
  runFolder,
  segmentationFiles,
  sheetsFolder,
  writeTestFile,
} from '../../../src-main/domain/data-layout.ts';

const folder = join('data', 'r2o');
const layout = dataLayout(folder);
const run = runFolder(layout, RunId.parse(3));

test('everything is below the data folder, and no two things share a path', () => {
  const paths = [
    ...Object.values(layout),
    writeTestFile(folder, 7),
    modelFile(layout.models, 'a.safetensors'),
    ...Object.values(segmentationFiles(layout, SegmentationId.parse(3))),
    run,
    imageListFile(run),
    bestEncoderFile(run),
    join(run, checkpointName(3)),
    cacheEntry(cachePlace(layout.cache, 'decoded'), 'abcd'),
    cacheEntry(cachePlace(layout.cache, 'superpixels'), 'abcd'),
    sheetsFolder(layout.cache),
  ];
  expect(new Set(paths).size).toBe(paths.length);
  for (const path of paths) expect(path.startsWith(folder)).toBe(true);
});

test('a whole backup is recognized by its name, half a one and the database itself are not', () => {
  const { whole, partial } = backupFiles(layout.database, 4, '2026-11-29');
  expect(dirname(whole)).toBe(folder);
  const isOne = (path: string) => isBackup(layout.database, basename(path));
  expect([whole, partial, layout.database, layout.writeAheadLog].map(isOne)).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test('checkpoints are recognized by their names, and what a killed process left of one', () => {
  const names = [
    checkpointName(12),
    `${checkpointName(12)}.x1.partial`,
    'best.safetensors',
    'checkpoint-.safetensors',
  ];
  expect(names.map(isCheckpointName)).toEqual([true, true, false, false]);
});

test('entries of a cache are spread over folders by the start of their key', () => {
  const place = cachePlace(layout.cache, 'thumbnails');
  expect(cacheEntry(place, 'abcdef')).toBe(join(layout.cache, 'thumbnails', 'ab', 'abcdef.webp'));
});
