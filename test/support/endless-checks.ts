import { drawnImage } from './drawn-images.ts';
import { inProcessWorker } from './in-process-worker.ts';
import { bitmapOf } from './masks.ts';
import { waitForState } from './running-service.ts';
import { workerOf } from './scripted-worker.ts';
import { startSegmented, type SegmentedService } from './segmented-service.ts';

/** A described segmentation whose checks get to a third, and end only when nobody waits for them any longer. */
export async function startEndlessChecks(): Promise<SegmentedService> {
  const image = await drawnImage('0.png', [{ bitmap: bitmapOf('##..', '##..'), className: 'cat', score: 1 }]);
  let fork = inProcessWorker;
  const scene = startSegmented([image], (options) => fork(options));
  const { client, segmentationId: id } = scene;
  await waitForState(client, (await client.similar.describe({ id })).id, 'done');
  fork = workerOf('lingering');
  return scene;
}
