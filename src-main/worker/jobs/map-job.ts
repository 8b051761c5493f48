import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { userError } from '../../contract/errors.ts';
import { packMap, unpackMap, type LaidMap, type LaidPoints } from '../../domain/laid-map.ts';
import { readDescriptions, type Descriptions } from '../../core/segment/describe/description-file.ts';
import { layOut } from '../../core/segment/map/lay-out.ts';
import { writeFileAtomically } from '../../core/weights/atomic-file.ts';
import type { WorkerJobOf } from '../protocol/job.ts';
import type { JobContext } from './job-context.ts';

/**
 * Lays out the objects of a segmentation and its images on two planes, from the vectors that describe them. The map is
 * kept until the vectors change: it depends on nothing else.
 * @throws UserError WRONG_STATE where the vectors are gone
 */
export async function runMap(job: WorkerJobOf<'map'>, context: JobContext): Promise<void> {
  const descriptions = await readDescriptions(job.vectorsFile);
  if (!descriptions) throw userError('vectors-gone');
  const key = keyOf(descriptions);
  const before = await readFile(job.mapFile).then(unpackMap, () => undefined);
  const laid = before?.key === key ? before : await layOutBoth(descriptions, key, job, context);
  const { describedAtMs } = job;
  await writeFileAtomically(job.mapFile, (write) => write(packMap({ ...laid, describedAtMs })));
  await context.link.ask({ kind: 'map/finish' });
}

/** Of all that a layout depends on. */
function keyOf({ vectors, maskIds, imageIds, levels }: Descriptions): string {
  const hash = createHash('sha256');
  for (const part of [vectors, maskIds, imageIds, levels])
    hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  return hash.digest('hex');
}

async function layOutBoth(
  descriptions: Descriptions,
  key: string,
  { describedAtMs, laidOutAtMs }: WorkerJobOf<'map'>,
  context: JobContext,
): Promise<LaidMap> {
  const { maskIds, levels } = descriptions;
  const rows = [...maskIds.keys()];
  // Finer regions are parts of objects, and lie on no map.
  const objects = rows.filter((row) => (maskIds[row] ?? 0) > 0 && levels[row] === 0);
  const images = rows.filter((row) => maskIds[row] === 0);
  return {
    key,
    describedAtMs,
    laidOutAtMs,
    images: await layOutRows(descriptions, images, context),
    objects: await layOutRows(descriptions, objects, context),
  };
}

async function layOutRows(
  { vectors, dim, maskIds, imageIds }: Descriptions,
  rows: readonly number[],
  { link, signal, cores }: JobContext,
): Promise<LaidPoints> {
  const chosen = new Float32Array(rows.length * dim);
  rows.forEach((row, at) => chosen.set(vectors.subarray(row * dim, (row + 1) * dim), at * dim));
  const listen = async () => {
    await new Promise(setImmediate);
    signal.throwIfAborted();
  };
  const places = await layOut(
    { vectors: chosen, dim },
    {
      cores,
      onNeighbours: (done, total) => {
        link.report({ phase: 'finding-neighbours', done, total, unit: 'vectors' });
        return listen();
      },
      onRound: (done, total) => {
        link.report({ phase: 'laying-out-map', done, total, unit: 'steps' });
        return listen();
      },
    },
  );
  return {
    maskIds: Int32Array.from(rows, (row) => maskIds[row] ?? 0),
    imageIds: Int32Array.from(rows, (row) => imageIds[row] ?? 0),
    places,
  };
}
