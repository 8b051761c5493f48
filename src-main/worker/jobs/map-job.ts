import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { userError } from '../../contract/errors.ts';
import { packMap, unpackMap, type LaidMap, type LaidPoints } from '../../domain/laid-map.ts';
import { readDescriptions, type Descriptions } from '../../core/segment/describe/description-file.ts';
import { layOut } from '../../core/segment/map/lay-out.ts';
import { readCheckpoint, writeCheckpoint } from '../../core/segment/map/map-checkpoint.ts';
import type { Settling } from '../../core/segment/map/settle.ts';
import { writeFileAtomically } from '../../core/weights/atomic-file.ts';
import type { WorkerJobOf } from '../protocol/job.ts';
import { JobStopped } from '../stop-signal.ts';
import type { JobContext } from './job-context.ts';

/** Of 300,000 objects, some hundred MB are written: seldom enough to take no time, often enough to lose little. */
const KEEP_EVERY_MS = 60_000;

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
  await rm(job.checkpointFile, { force: true });
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
  { describedAtMs, laidOutAtMs, checkpointFile }: WorkerJobOf<'map'>,
  context: JobContext,
): Promise<LaidMap> {
  const { maskIds, levels } = descriptions;
  const rows = [...maskIds.keys()];
  const before = await readCheckpoint(checkpointFile, key);
  const keeping = (images: LaidPoints | null): Keeping => ({
    resumed: before && (before.images === null) === (images === null) ? before.settling : undefined,
    keep: (settling) => writeCheckpoint(checkpointFile, { key, images, settling }),
  });
  const ofImages = rows.filter((row) => maskIds[row] === 0);
  const images = before?.images ?? (await layOutRows(descriptions, ofImages, keeping(null), context));
  // Finer regions are parts of objects, and lie on no map.
  const ofObjects = rows.filter((row) => (maskIds[row] ?? 0) > 0 && levels[row] === 0);
  const objects = await layOutRows(descriptions, ofObjects, keeping(images), context);
  return { key, describedAtMs, laidOutAtMs, images, objects };
}

/** Where a layout continues, and what keeps the place where it stops. */
type Keeping = { resumed: Settling | undefined; keep: (settling: Settling) => Promise<void> };

async function layOutRows(
  { vectors, dim, maskIds, imageIds }: Descriptions,
  rows: readonly number[],
  { resumed, keep }: Keeping,
  { link, signal, cores }: JobContext,
): Promise<LaidPoints> {
  const chosen = new Float32Array(rows.length * dim);
  rows.forEach((row, at) => chosen.set(vectors.subarray(row * dim, (row + 1) * dim), at * dim));
  let keptAtMs = performance.now();
  const places = await layOut(
    { vectors: chosen, dim },
    {
      cores,
      resumed,
      onNeighbours: async (done, total) => {
        link.report({ phase: 'finding-neighbours', done, total, unit: 'vectors' });
        await new Promise(setImmediate);
        signal.throwIfAborted();
      },
      onRound: async (settling) => {
        const { done, rounds: total } = settling;
        link.report({ phase: 'laying-out-map', done, total, unit: 'steps' });
        await new Promise(setImmediate);
        if (isPaused(signal) || performance.now() - keptAtMs > KEEP_EVERY_MS) {
          await keep(settling);
          keptAtMs = performance.now();
        }
        signal.throwIfAborted();
      },
    },
  );
  return {
    maskIds: Int32Array.from(rows, (row) => maskIds[row] ?? 0),
    imageIds: Int32Array.from(rows, (row) => imageIds[row] ?? 0),
    places,
  };
}

const isPaused = ({ reason }: AbortSignal) => reason instanceof JobStopped && reason.reason === 'pause';
