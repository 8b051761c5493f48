import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SegmentSettings } from '../../src-main/contract/segmentation.ts';
import { graphOfGigabytes, graphOfPairs } from '../support/hungry-graphs.ts';
import { makePhotos } from '../support/photo-folder.ts';
import { startService, waitForState } from '../support/running-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

describe('an ONNX file that takes gigabytes when it runs', () => {
  test('is refused when it is imported, and the next one is read as ever', async () => {
    const { client, bugs } = startService();
    const path = graphOfGigabytes(8);
    expect(statSync(path).size).toBeLessThan(1_024);
    const refused = await client.models.import({ path, name: 'hungry' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'OUT_OF_MEMORY', data: { text: { key: 'graph-memory' } } });
    expect(String(refused)).toMatch(/hungry\.onnx.*more than 4\.\d GiB/);
    const modest = await client.models.import({ path: graphOfGigabytes(1), name: 'modest' });
    expect(modest.name).toBe('modest');
    expect(bugs).toEqual([]);
  });

  test('fails the segmentation that runs it on larger images, and names itself', async () => {
    const { client, bugs } = startService();
    const folder = tempFolder();
    await makePhotos(folder, 2);
    const { collection, job } = await client.collections.add({ path: folder });
    await waitForState(client, job.id, 'done');
    const model = await client.models.import({ path: graphOfPairs(), name: 'pairs' });
    const started = await client.segmentations.start({
      collectionId: collection.id,
      modelId: model.id,
      settings: SegmentSettings.parse({ inputPx: 1_024 }),
    });
    const failed = await waitForState(client, started.job.id, 'failed');
    expect(failed.error).toMatchObject({ code: 'OUT_OF_MEMORY' });
    expect(failed.error?.message).toMatch(
      /\.onnx.*(more than \d+\.\d GiB|more memory than the system can give)/,
    );
    expect(bugs).toEqual([]);
  });
});
