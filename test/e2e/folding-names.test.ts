import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { runCli } from '../support/cli.ts';
import { mountFoldingDrive, noFoldingDrive } from '../support/folding-drive.ts';
import { missingPython } from '../support/python.ts';
import { tempFolder } from '../support/temp-folder.ts';

const reason = missingPython('mfusepy') ?? (await noFoldingDrive());

/** Three scenes, under names with capitals, accents and spaces. */
async function writePhotos(folder: string): Promise<void> {
  const scenes = tempFolder();
  await writeScenes(scenes, { count: 3, seed: 3 });
  for (const [index, name] of readdirSync(join(scenes, 'images')).sort().entries())
    copyFileSync(join(scenes, 'images', name), join(folder, `Bild ${index + 1} \u00e9.JPG`));
}

test.skipIf(reason !== undefined)(
  `on a drive that ignores case and keeps names decomposed, a folder is the same however it is written${reason ? ` (skipped: ${reason})` : ''}`,
  { tags: ['tools'] },
  async () => {
    const drive = await mountFoldingDrive();
    onTestFinished(() => drive.unmount());
    const at = (...names: string[]) => join(drive.folder, ...names);
    mkdirSync(at('Photos'));
    await writePhotos(at('Photos'));
    expect((await runCli(at('Data'), 'segment', at('photos'))).stderr).not.toContain('error');
    const r2o = (...args: string[]) => runCli(at('dATA'), ...args);

    // The folder is a collection already, and nothing may be written into it or into the data folder.
    expect((await r2o('collections', 'add', at('PHOTOS'))).stderr).toContain('is already the collection');
    await r2o('dataset', 'create', 'first', '--segmentation', '1');
    for (const [folder, refusal] of [
      [at('pHOTOS', 'export'), 'is inside the collection'],
      [at('DATA', 'export'), "is inside the app's own data folder"],
    ] as const) {
      const refused = await r2o('export', 'first', '--format', 'coco', '--out', folder);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(refusal)]);
    }
    const original = readFileSync(at('Photos', 'Bild 1 \u00e9.JPG'));
    for (const path of [at('photos', 'BILD 1 E\u0301.jpg'), at('data', 'STUDIO.sqlite')])
      expect((await r2o('segmentations', 'sheet', '1', '--out', path, '--force')).code).toBe(1);
    expect(readFileSync(at('Photos', 'Bild 1 \u00e9.JPG'))).toEqual(original);

    // A file whose name only changes its case is the image that it was.
    const exported = await r2o('export', 'first', '--format', 'coco', '--out', at('Coco'));
    expect(exported.code).toBe(0);
    renameSync(at('Photos', 'Bild 1 \u00e9.JPG'), at('Photos', 'bild 1 \u00c9.jpg'));
    const scanned = await r2o('collections', 'rescan', 'photos');
    expect(scanned.stdout).toContain('3 images');
    expect(scanned.stdout).not.toContain('missing');
    const again = await r2o('segment', 'photos', '--new-only');
    expect(again.stdout).toContain('no new images');

    // Masks come back under names in capitals and in the other composition, also of the file that was renamed.
    const file = at('Coco', 'annotations', 'instances_train.json');
    const json = JSON.parse(readFileSync(file, 'utf8')) as { images: { file_name: string }[]; annotations: object[] }; // prettier-ignore
    for (const image of json.images) image.file_name = image.file_name.normalize('NFD').toUpperCase();
    const foreign = join(tempFolder(), 'masks.json');
    writeFileSync(foreign, JSON.stringify(json));
    for (const path of [file, foreign]) {
      const imported = await r2o('import-masks', '1', path);
      expect([path, imported.stdout]).toEqual([path, expect.stringContaining(`${json.annotations.length} masks unchanged`)]); // prettier-ignore
      expect(imported.stdout).not.toContain('could not be used');
    }
  },
);
