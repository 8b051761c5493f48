import { expect, test } from 'vitest';
import type { ForegroundNote } from '../../src-main/contract/segmentation.ts';
import { runCli } from '../support/cli.ts';
import { drawnImage } from '../support/drawn-images.ts';
import { bitmapOf } from '../support/masks.ts';
import { startSegmented } from '../support/segmented-service.ts';

const HEAD: ForegroundNote = {
  way: 'head',
  agreement: 0.7,
  imageCount: 40,
  from: null,
  taughtBy: [],
  hasThingMetric: false,
};

test('r2o review accepts what is likely right when it is told to, and undoes it', async () => {
  const data = await dataWithOneSureObject();
  const review = (...args: string[]) => runCli(data, 'review', '1', ...args);
  const before = [
    'Objects: 2 not reviewed, 0 accepted, 0 rejected, 0 corrected',
    'Not reviewed: 1 likely right on 1 image, 1 to check',
  ];

  const refused = await review('--accept-likely-right');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('Accepting 1 object of ');
  expect(refused.stderr).toContain('Add --yes to accept them without confirmation.');
  expect(linesOf(await review())).toEqual(before);

  const accepted = linesOf(await review('--accept-likely-right', '--yes'));
  expect(accepted).toEqual([
    'Accepted 1 object',
    expect.stringMatching(/^To undo it: r2o review 1 --undo \d+$/),
    'Objects: 1 not reviewed, 1 accepted, 0 rejected, 0 corrected',
    'Not reviewed: 0 likely right on 0 images, 1 to check',
  ]);
  const undo = accepted[1]?.split(' ').slice(-2) ?? [];
  expect(linesOf(await review(...undo))).toEqual(['Undid 1 image', ...before]);
  expect(linesOf(await review('--redo', ...undo.slice(1)))[0]).toBe('Redid 1 image');
});

/** A data folder whose one segmentation has a sure object and an unsure one. */
async function dataWithOneSureObject(): Promise<string> {
  const { service, segmentationId, dataFolder } = startSegmented([
    await drawnImage('a.png', [
      { bitmap: bitmapOf('####....', '####....'), className: 'cat', score: 0.95 },
      { bitmap: bitmapOf('......##', '......##'), className: 'dog', score: 0.6 },
    ]),
  ]);
  service.store.segmentations.setForeground(segmentationId, HEAD);
  // The data folder has one owner: the command is the next.
  service[Symbol.dispose]();
  return dataFolder;
}

const linesOf = ({ stdout }: { stdout: string }) => stdout.trimEnd().split('\n');
