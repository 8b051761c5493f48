import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { runCli } from '../support/cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** A COCO file about the first scene, with a square or with what stands in its place. */
function cocoFile(annotation: object): string {
  const path = join(tempFolder(), 'corrected.json');
  const json = {
    images: [{ id: 1, file_name: 'scene-000.jpg' }],
    categories: [{ id: 1, name: 'cat' }],
    annotations: [{ id: 7, image_id: 1, category_id: 1, ...annotation }],
  };
  writeFileSync(path, JSON.stringify(json));
  return path;
}

test('r2o import-masks shows first, imports, and says how it is undone; without any mask it fails', async () => {
  const data = tempFolder();
  const folder = join(tempFolder(), 'photos');
  await writeScenes(folder, { count: 2, seed: 3 });
  expect((await runCli(data, 'segment', join(folder, 'images'))).code).toBe(0);
  const square = cocoFile({ segmentation: [[0, 0, 3, 0, 3, 3, 0, 3]] });

  const preview = await runCli(data, 'import-masks', '1', square, '--dry-run');
  expect(preview).toMatchObject({ code: 0, stdout: expect.stringContaining('1 added') as string });
  expect(preview.stdout).toContain('Nothing was changed: this was a preview.');

  const made = await runCli(data, 'import-masks', '1', square);
  const undo = /To undo it: r2o (review 1 --undo \d+) \(import 2\)/.exec(made.stdout)?.[1] ?? '';
  expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('1 added') as string });
  const jobs = JSON.parse((await runCli(data, 'jobs', 'list', '--json')).stdout) as { id: number }[];
  expect((await runCli(data, 'jobs', 'show', String(jobs[0]?.id))).stdout).toContain(
    `To undo it: r2o ${undo}`,
  );
  expect((await runCli(data, ...undo.split(' '))).code).toBe(0);

  const box = await runCli(data, 'import-masks', '1', cocoFile({ bbox: [0, 0, 3, 3] }));
  expect(box.code).toBe(1);
  expect(box.stdout).toContain('corrected.json: annotation 7 of scene-000.jpg: It has no segmentation');
  expect(box.stderr).toContain('could be imported: one entry, file or image could not be used.');
});
