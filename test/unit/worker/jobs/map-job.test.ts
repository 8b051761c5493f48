import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeDescriptions } from '../../../../src-main/core/segment/describe/description-file.ts';
import { RandomStream } from '../../../../src-main/core/tensor/random.ts';
import { unpackMap } from '../../../../src-main/domain/laid-map.ts';
import { runMap } from '../../../../src-main/worker/jobs/map-job.ts';
import type { FromWorker } from '../../../../src-main/worker/protocol/messages.ts';
import { ServiceLink } from '../../../../src-main/worker/service-link.ts';
import { JobStopped, type StopReason } from '../../../../src-main/worker/stop-signal.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const OBJECTS = 40;
const IMAGES = 20;
const DIM = 5;

/** Vectors of objects, two of each image, and of images behind them. */
async function described(folder: string): Promise<string> {
  const random = new RandomStream(5);
  const count = OBJECTS + IMAGES;
  const vectors = new Float32Array(count * DIM);
  for (let row = 0; row < count; row++) {
    const vector = Array.from({ length: DIM }, () => random.normal());
    vectors.set(
      vector.map((value) => value / Math.hypot(...vector)),
      row * DIM,
    );
  }
  const path = join(folder, 'vectors');
  await writeDescriptions(path, {
    model: { mean: new Float64Array(DIM), deviation: new Float64Array(DIM), features: null },
    dim: DIM,
    vectors,
    maskIds: Int32Array.from({ length: count }, (_, row) => (row < OBJECTS ? row + 1 : 0)),
    imageIds: Int32Array.from({ length: count }, (_, row) =>
      row < OBJECTS ? 1 + (row >> 1) : row - OBJECTS + 1,
    ),
    revisions: new Int32Array(count),
    levels: new Uint8Array(count),
  });
  return path;
}

/** Lays out a map. @param stop after this many of all steps of laying out @returns the steps that were reported */
async function layOut(folder: string, vectorsFile: string, stop?: { after: number; reason: StopReason }) {
  const abort = new AbortController();
  const steps: number[] = [];
  const link: ServiceLink = new ServiceLink((message: FromWorker) => {
    if (message.type === 'ask') link.settle(message.seq, null);
    if (message.type !== 'progress' || message.progress.phase !== 'laying-out-map') return;
    steps.push(message.progress.done);
    if (steps.length === stop?.after) abort.abort(new JobStopped(stop.reason));
  });
  const [mapFile, checkpointFile] = [join(folder, 'map'), join(folder, 'checkpoint')];
  const job = {
    kind: 'map',
    vectorsFile,
    mapFile,
    checkpointFile,
    describedAtMs: 1,
    laidOutAtMs: 1,
  } as const;
  const work = runMap(job, { link, signal: abort.signal, cores: 1 });
  if (stop) await expect(work).rejects.toThrow(JobStopped);
  else await work;
  return { steps, map: stop ? undefined : unpackMap(readFileSync(mapFile)), checkpointFile };
}

test.each([
  ['of the images', 100, 900],
  ['of the objects', 700, 300],
])('a map that is paused amid those %s continues there, and is the same', async (_, after, left) => {
  const folder = tempFolder();
  const vectorsFile = await described(folder);
  const whole = await layOut(tempFolder(), vectorsFile);
  expect(whole.steps).toHaveLength(1_000);
  const { checkpointFile } = await layOut(folder, vectorsFile, { after, reason: 'pause' });
  const resumed = await layOut(folder, vectorsFile);
  expect(resumed.steps).toHaveLength(left);
  expect(resumed.map).toEqual(whole.map);
  expect(existsSync(checkpointFile)).toBe(false);
});

test('a map that is cancelled, or whose place is damaged, starts over', async () => {
  const folder = tempFolder();
  const vectorsFile = await described(folder);
  const { checkpointFile } = await layOut(folder, vectorsFile, { after: 100, reason: 'cancel' });
  expect(existsSync(checkpointFile)).toBe(false);
  await layOut(folder, vectorsFile, { after: 100, reason: 'pause' });
  writeFileSync(checkpointFile, readFileSync(checkpointFile).subarray(0, 500));
  expect((await layOut(folder, vectorsFile)).steps).toHaveLength(1_000);
});
