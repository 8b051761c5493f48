import { describe, expect, test } from 'vitest';
import { ImportId, SegmentationId } from '../../../../src-main/contract/ids.ts';
import type { MaskImportResult } from '../../../../src-main/contract/mask-import.ts';
import { importLines, type ShownImport } from '../../../../src-main/host/cli/commands/import-lines.ts';

const RESULT: MaskImportResult = {
  images: 3,
  kept: 2,
  changed: 1,
  added: 0,
  rejected: 0,
  skipped: 1,
  problems: [{ name: 'a.json: annotation 1', detail: 'It has no segmentation.' }],
  notes: [],
  noteCount: 0,
};

const lines = (made: Partial<ShownImport>, isDryRun = false) =>
  importLines({
    id: ImportId.parse(5),
    options: {
      segmentationId: SegmentationId.parse(2),
      path: '/a.json',
      format: 'coco',
      rejectMissing: false,
      isDryRun,
    },
    result: null,
    batch: null,
    createdAtMs: 1,
    finishedAtMs: null,
    differentImages: [],
    ...made,
  });

describe('what came of an import', () => {
  test('are its counts, what could not be used, and how it is undone', () => {
    expect(lines({ result: RESULT, batch: 7 })).toEqual([
      '3 images: 2 masks unchanged, 1 changed, 0 added, 0 rejected',
      'one entry, file or image could not be used:',
      '  a.json: annotation 1: It has no segmentation.',
      'To undo it: r2o review 2 --undo 7 (import 5)',
    ]);
  });

  test('is undone as well if the import stopped before its end', () => {
    expect(lines({ batch: 7 })).toEqual([
      'The import has not ended: the masks of some images are imported.',
      'To undo it: r2o review 2 --undo 7 (import 5)',
    ]);
    expect(lines({})).toEqual(['The import has not ended: no mask is imported yet.']);
    expect(lines({}, true)).toEqual(['The preview has not ended.']);
  });
});
