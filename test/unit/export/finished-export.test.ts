import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ExportId } from '../../../src-main/contract/ids.ts';
import { partialExportPath, type ExportPlan } from '../../../src-main/domain/export-plan.ts';
import { finishedResult } from '../../../src-main/export/output-folder.ts';
import { drawnImage, exportDrawn, type Written } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';

/** A whole export, of a folder or a file, and what an interrupted run would have left beside it. */
async function exported(
  format: 'coco' | 'sqlite',
): Promise<Written & { partial: (of: ExportPlan) => string }> {
  const mask = { bitmap: bitmapOf('##..', '....'), className: 'cat' };
  const written = await exportDrawn([await drawnImage('a.png', [mask])], { format });
  const partial = (of: ExportPlan) => {
    const path = partialExportPath({ ...of, outPath: written.folder });
    mkdirSync(path);
    return path;
  };
  return { ...written, partial };
}

describe.each(['coco', 'sqlite'] as const)('a finished export as %s', (format) => {
  test('is found by the job that was killed before it could say so, and its remains are removed', async () => {
    const { plan, result, partial } = await exported(format);
    const remains = partial(plan);
    expect(await finishedResult(plan)).toEqual(result);
    expect(existsSync(remains)).toBe(false);
  });

  test.each<[string, Partial<ExportPlan>]>([
    ['of another data folder, whose ids begin at 1 too', { startedAtMs: 1 }],
    ['that was started in the same millisecond', { exportId: ExportId.parse(2) }],
  ])('is not the one %s', async (_, other) => {
    const { plan, partial } = await exported(format);
    const remains = partial({ ...plan, ...other });
    expect(await finishedResult({ ...plan, ...other })).toBeUndefined();
    expect(existsSync(remains)).toBe(true);
  });
});

test('a folder with a manifest that is none, or with nothing, is no finished export', async () => {
  const { folder, plan } = await exported('coco');
  const manifest = join(folder, 'r2o-studio.json');
  const whole = readFileSync(manifest, 'utf8');
  for (const text of [whole.slice(0, -20), '{}', 'null']) {
    writeFileSync(manifest, text);
    expect(await finishedResult(plan)).toBeUndefined();
  }
  const nowhere = { ...plan, options: { ...plan.options, outPath: join(folder, 'none') } };
  expect(await finishedResult(nowhere)).toBeUndefined();
});
