import { describe, expect, test } from 'vitest';
import { changedMasks, MAX_NAMED_IMAGES, wholeSegmentation } from '../../../src-main/contract/event.ts';
import { ImageId, SegmentationId } from '../../../src-main/contract/ids.ts';
import { ChangeLog } from '../../../src-renderer/state/change-log.ts';

const [one, other] = [SegmentationId.parse(1), SegmentationId.parse(2)];
const images = (...ids: number[]) => ids.map((id) => ImageId.parse(id));

describe('the changes of segmentations', () => {
  test('are those after a mark, each image once', () => {
    const log = new ChangeLog();
    log.add(changedMasks(one, images(7)));
    const { mark } = log;
    expect(log.imagesSince(mark, one)).toEqual(new Set());
    log.add(changedMasks(one, images(8, 9)));
    log.add(changedMasks(one, images(8)));
    log.add(wholeSegmentation(other));
    expect(log.imagesSince(mark, one)).toEqual(new Set(images(8, 9)));
    expect(log.imagesSince(mark, other)).toBeNull();
  });

  test('are unknown where a list was read as a whole, too many images changed, or it is too long ago', () => {
    const log = new ChangeLog();
    log.add(null);
    expect(log.imagesSince(0, one)).toBeNull();
    let { mark } = log;
    log.add(changedMasks(one, images(...Array.from({ length: MAX_NAMED_IMAGES + 1 }, (_, at) => at + 1))));
    expect(log.imagesSince(mark, one)).toBeNull();
    ({ mark } = log);
    for (let at = 0; at < 500; at++) log.add(changedMasks(one, images(3)));
    expect(log.imagesSince(mark, one)).toBeNull();
    expect(log.imagesSince(log.mark - 1, one)).toEqual(new Set(images(3)));
  });
});
