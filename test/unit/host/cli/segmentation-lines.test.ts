import { describe, expect, test } from 'vitest';
import { CollectionId, SegmentationId } from '../../../../src-main/contract/ids.ts';
import {
  SegmentSettings,
  type ForegroundNote,
  type Segmentation,
} from '../../../../src-main/contract/segmentation.ts';
import { segmentationLines } from '../../../../src-main/host/cli/commands/segmentations.ts';

const HEAD: ForegroundNote = {
  way: 'head',
  agreement: 0.57,
  imageCount: 888,
  from: null,
  taughtBy: [],
  hasThingMetric: true,
};
const DIVIDED = '  foreground divided by what distinguishes objects, as learned from the same images';

function segmentation(foreground: ForegroundNote, settings: Partial<SegmentSettings> = {}): Segmentation {
  return {
    id: SegmentationId.parse(4),
    collectionId: CollectionId.parse(1),
    modelId: null,
    hasModel: true,
    jobId: null,
    state: 'done',
    name: 'scenes',
    settings: SegmentSettings.parse(settings),
    device: 'onnx:cpu',
    foreground,
    imageCount: 3,
    preliminaryCount: 0,
    unreadCount: 0,
    unreadImages: [],
    createdAtMs: 0,
    finishedAtMs: 0,
  };
}

describe('the lines of a segmentation', () => {
  test('say that what things differ in divides its foregrounds', () => {
    const lines = segmentationLines(segmentation(HEAD));
    expect(lines.at(-1)).toBe(DIVIDED);
    expect(lines.at(-2)).toContain('learned from 888 images');
  });

  test('do not say so where too few images taught it, nor where one object is kept', () => {
    expect(segmentationLines(segmentation({ ...HEAD, hasThingMetric: false }))).not.toContain(DIVIDED);
    expect(segmentationLines(segmentation(HEAD, { mode: 'one' }))).not.toContain(DIVIDED);
  });
});
