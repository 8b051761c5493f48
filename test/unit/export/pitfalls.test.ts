import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { ExportFormat, FORMAT_IMAGES } from '../../../src-main/contract/export.ts';
import { exportName, ImageNames, markedName, NameCollisions } from '../../../src-main/export/image-names.ts';
import { formatOf } from '../../../src-main/export/formats.ts';
import { manifestOf } from '../../../src-main/export/output-folder.ts';
import type { Bitmap } from '../../../src-main/core/mask/rle.ts';
import { drawnImage, exportDrawn, type DrawnImage } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';
import {
  orientedJpeg,
  quadrants,
  sixteenBitPng,
  heicFixture,
  sharpOf,
  QUADRANT_COLOURS,
} from '../../support/test-images.ts';
import { canMakeDisks, diskReason, tinyDisk } from '../../support/tiny-disk.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const mask = bitmapOf('####....', '####....', '........', '........', '........', '........');
const cat = (bitmap: Bitmap = mask) => [{ bitmap, className: 'cat' }];
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
const sha = (path: string | Buffer) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** The red quarter of `quadrants`, at the upper left of the upright picture. */
function redQuarter(widthPx: number, heightPx: number): Bitmap {
  const data = Uint8Array.from({ length: widthPx * heightPx }, (_, at) =>
    Number(at % widthPx < widthPx / 2 && Math.floor(at / widthPx) < heightPx / 2),
  );
  return { data, widthPx, heightPx };
}

async function turnedPhotos(): Promise<DrawnImage[]> {
  const upright = quadrants(64, 48);
  return Promise.all(
    [1, 2, 3, 4, 5, 6, 7, 8].map(async (orientation) => ({
      relPath: `turned-${orientation}.jpg`,
      bytes: await orientedJpeg(upright, orientation),
      orientation,
      widthPx: 64,
      heightPx: 48,
      masks: cat(redQuarter(64, 48)),
    })),
  );
}

/** Mean colour under the mask, as a tool sees it that knows nothing of EXIF. */
async function colourUnder(file: string, bitmap: Bitmap): Promise<number[]> {
  const { data, info } = await sharp(file)
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([bitmap.widthPx, bitmap.heightPx]);
  const inside = [...bitmap.data.keys()].filter((at) => bitmap.data[at] === 1);
  return [0, 1, 2].map(
    (channel) => inside.reduce((sum, at) => sum + (data[at * 3 + channel] ?? 0), 0) / inside.length,
  );
}

describe('photos that EXIF turns', () => {
  const withFolder = ExportFormat.options.filter(
    (format) => !['sqlite', 'huggingface-parquet'].includes(format),
  );

  test.each(withFolder)('lie upright under their masks in copies of %s', async (format) => {
    const { folder } = await exportDrawn(await turnedPhotos(), { format });
    const copies = readdirSync(join(folder, formatOf(format).imageFolder('train'))).filter((name) =>
      name.endsWith('.jpg'),
    );
    expect(copies).toHaveLength(8);
    for (const name of copies) {
      const file = join(folder, formatOf(format).imageFolder('train'), name);
      const colour = await colourUnder(file, redQuarter(64, 48));
      QUADRANT_COLOURS.topLeft.forEach((value, channel) => {
        // Twice through JPEG, with its edges.
        expect(Math.abs((colour[channel] ?? 0) - value), name).toBeLessThan(16);
      });
      expect((await sharp(file).metadata()).orientation ?? 1).toBe(1);
    }
  });

  test('are copied upright where the others are linked, and that is said', async () => {
    const { folder, result, rows } = await exportDrawn(await turnedPhotos(), {
      format: 'coco',
      images: 'hardlink',
    });
    const original = (name: string) => join(rows[0]?.rootPath ?? '', name);
    const inode = (path: string) => statSync(path).ino;
    expect(inode(join(folder, 'images/train/turned-1.jpg'))).toBe(inode(original('turned-1.jpg')));
    expect(inode(join(folder, 'images/train/turned-6.jpg'))).not.toBe(inode(original('turned-6.jpg')));
    expect(result.notes).toEqual([
      'The images are hard links: editing one of them edits the original. --images copy writes copies.',
      '7 images were copied upright, because their files cannot be used as they are.',
    ]);
  });

  test('are counted where originals are only named', async () => {
    const { result } = await exportDrawn(await turnedPhotos(), { format: 'coco', images: 'reference' });
    expect(result.notes).toEqual([expect.stringMatching(/^7 images are rotated by EXIF/)]);
  });
});

test('copies are plain files for every tool, whatever the originals are; those that are plain stay to the byte', async () => {
  const picture = quadrants(8, 6);
  const size = { widthPx: 8, heightPx: 6, masks: cat() };
  const originals: DrawnImage[] = [
    { relPath: 'deep.png', bytes: await sixteenBitPng(picture), ...size },
    { relPath: 'scan.tif', bytes: await sharpOf(picture).tiff().toBuffer(), ...size },
    {
      relPath: 'phone.heic',
      bytes: heicFixture('quadrants'),
      ...size,
      widthPx: 96,
      heightPx: 64,
      masks: cat(redQuarter(96, 64)),
    },
    { relPath: 'print.jpg', bytes: await sharpOf(picture).toColourspace('cmyk').jpeg().toBuffer(), ...size },
    { relPath: 'plain.jpg', bytes: await sharpOf(picture).jpeg().toBuffer(), ...size },
    { relPath: 'misnamed.jpg', bytes: await sharpOf(picture).png().toBuffer(), ...size },
  ];
  const { folder, rows } = await exportDrawn(originals, { format: 'coco' });
  const copies = filesBelow(join(folder, 'images')).map((file) => file.slice(folder.length + 14));
  expect(copies.sort()).toEqual([
    'deep.png',
    'misnamed.png',
    'phone.png',
    'plain.jpg',
    'print.jpg',
    'scan.png',
  ]);
  for (const name of copies) {
    const { depth, space } = await sharp(join(folder, 'images/train', name)).metadata();
    expect([name, depth, space]).toEqual([name, 'uchar', 'srgb']);
  }
  expect(sha(join(folder, 'images/train/plain.jpg'))).toBe(rows[4]?.contentHash);
  expect(sha(join(folder, 'images/train/misnamed.png'))).toBe(rows[5]?.contentHash);
});

describe('originals', () => {
  test.each(ExportFormat.options)('are only ever read by %s', async (format) => {
    const drawn = await Promise.all(['a.png', 'b.png'].map((name) => drawnImage(name, cat())));
    const images = FORMAT_IMAGES[format].includes('hardlink') ? 'hardlink' : 'copy';
    const { rows } = await exportDrawn(drawn, { format, images });
    for (const { rootPath, relPath, contentHash, mtimeMs } of rows) {
      expect(sha(join(rootPath, relPath))).toBe(contentHash);
      expect(statSync(join(rootPath, relPath)).mtimeMs).toBe(mtimeMs);
    }
  });

  test.each(['copy', 'hardlink', 'reference'] as const)(
    'that are missing or have changed are left out and named, and the rest goes on (%s)',
    async (images) => {
      const names = ['gone.png', 'good.png', 'other.png'];
      const drawn = await Promise.all(names.map((name) => drawnImage(name, cat())));
      const { result } = await exportDrawnAfter(drawn, images, (folder) => {
        rmSync(join(folder, 'gone.png'));
        writeFileSync(join(folder, 'other.png'), 'something else');
      });
      expect(result).toMatchObject({ images: 1, leftOut: 2 });
      expect(result.problems.map(({ relPath }) => relPath).sort()).toEqual(['gone.png', 'other.png']);
      for (const { detail } of result.problems) expect(detail).toMatch(/disappeared|has changed/);
    },
  );

  test('that are all missing make an error that names the first', async () => {
    const drawn = [await drawnImage('gone.png', cat())];
    const out = join(tempFolder(), 'out');
    await expect(
      exportDrawnAfter(drawn, 'copy', (folder) => rmSync(join(folder, 'gone.png')), out),
    ).rejects.toMatchObject({
      code: 'NO_USABLE_IMAGES',
      message: expect.stringMatching(
        /^None of the 1 images of pets 2 could be exported. The first, gone.png: /,
      ) as string,
    });
    expect(existsSync(out)).toBe(false);
  });
});

/** An export whose images are tampered with once they are written. */
async function exportDrawnAfter(
  drawn: DrawnImage[],
  images: 'copy' | 'hardlink' | 'reference',
  tamper: (folder: string) => void,
  outPath = join(tempFolder(), 'out'),
) {
  return exportDrawn(drawn, { format: 'coco', images, outPath }, undefined, tamper);
}

describe('names', () => {
  test.each([
    ['a.jpg', 'a'],
    ['sub/b.c.jpeg', 'sub__b_c'],
    ['Köln, 2024 (1).JPG', 'Köln__2024__1_'],
    ['猫/ねこ.png', '猫__ねこ'],
    ['con.png', '_con'],
    ['.png', '_png'],
    ['-rf.png', '_rf'],
    ['a�b.jpg', 'a_b'],
  ])('of %s become %s', (relPath, name) => expect(exportName(relPath)).toBe(name));

  test('are unique whatever the case, for equal stems and for long ones', () => {
    const long = 'ü'.repeat(200);
    const paths = ['a.jpg', 'a.png', 'A.gif', 'a-2.jpg', `${long}1.jpg`, `${long}2.jpg`, 'com¹.png'];
    const images = paths.map((relPath) => ({ relPath, contentHash: relPath }));
    const collisions = new NameCollisions();
    for (const path of paths) collisions.note('/photos', path);
    const names = new ImageNames(collisions);
    const taken = images.map((image) => names.take(image));
    expect(new Set(taken.map((name) => name.toLowerCase())).size).toBe(paths.length);
    expect(taken.slice(0, 3)).toEqual(images.slice(0, 3).map(markedName));
    expect(taken[0]).toMatch(/^a-[0-9a-f]{8}$/);
    expect(taken[3]).toBe('a-2');
    expect(taken[6]).toBe('_com¹');
    for (const name of taken) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(124);
  });

  test('follow from the image alone, whichever others are exported, and in whatever order', () => {
    const collisions = new NameCollisions();
    for (const path of ['my cat.jpg', 'my_cat.jpg', 'scan.tif']) collisions.note('/photos', path);
    // The same image again, as an image of the version and of its collection.
    collisions.note('/photos', 'scan.tif');
    const [cat, other, scan] = ['my cat.jpg', 'my_cat.jpg', 'scan.tif'].map((relPath) => ({ relPath, contentHash: relPath })); // prettier-ignore
    if (!cat || !other || !scan) throw new Error('no image');
    const alone = new ImageNames(collisions).take(cat);
    const names = new ImageNames(collisions);
    expect([other, cat].map((image) => names.take(image))[1]).toBe(alone);
    expect(names.take(scan)).toBe('scan');
    // Two collections can hold the same file under the same path.
    expect(names.take(cat)).toBe(`${alone}-2`);
  });

  test.skipIf(process.platform === 'win32')(
    'that are no UTF-8 are copied, and refused where they would have to be written',
    async () => {
      const image = {
        ...(await drawnImage('a�.png', cat())),
        pathBytes: Buffer.from([0x61, 0xff, ...Buffer.from('.png')]),
      };
      const other = await drawnImage('b.png', cat());
      const copied = await exportDrawn([image, other], { format: 'yolo' });
      expect(readdirSync(join(copied.folder, 'images/train')).sort()).toEqual(['a_.png', 'b.png']);
      const named = await exportDrawn([image, other], { format: 'coco', images: 'reference' });
      expect(named.result).toMatchObject({ images: 1, leftOut: 1 });
      expect(named.result.problems[0]?.detail).toContain('not valid UTF-8');
    },
  );
});

describe('the target', () => {
  const one = async () => [await drawnImage('a.png', cat())];

  test('that is not empty is refused and left alone; an empty folder is taken', async () => {
    const outPath = join(tempFolder(), 'out');
    mkdirSync(outPath);
    await exportDrawn(await one(), { format: 'csv', outPath });
    const before = filesBelow(outPath);
    await expect(exportDrawn(await one(), { format: 'csv', outPath })).rejects.toMatchObject({
      code: 'TARGET_NOT_EMPTY',
    });
    expect(filesBelow(outPath)).toEqual(before);
    await expect(exportDrawn(await one(), { format: 'sqlite', outPath })).rejects.toMatchObject({
      code: 'TARGET_NOT_EMPTY',
    });
  });

  test.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'that cannot be written is an error with the path',
    async () => {
      const parent = tempFolder();
      chmodSync(parent, 0o500);
      const outPath = join(parent, 'out');
      await expect(exportDrawn(await one(), { format: 'csv', outPath })).rejects.toMatchObject({
        code: 'TARGET_UNUSABLE',
      });
    },
  );

  test('below a file is an error with the path', async () => {
    const file = join(tempFolder(), 'file');
    writeFileSync(file, '');
    await expect(
      exportDrawn(await one(), { format: 'csv', outPath: join(file, 'out') }),
    ).rejects.toMatchObject({
      code: 'TARGET_UNUSABLE',
      message: expect.stringContaining(file) as string,
    });
  });

  test('holds nothing of an export that was stopped, and nothing lies beside it that looks whole', async () => {
    const stop = new AbortController();
    const outPath = join(tempFolder(), 'out');
    stop.abort(new Error('stopped'));
    await expect(exportDrawn(await one(), { format: 'coco', outPath }, stop.signal)).rejects.toThrow(
      'stopped',
    );
    expect(existsSync(outPath)).toBe(false);
    expect(readdirSync(dirname(outPath)).every((name) => name.startsWith('.out.r2o-export-'))).toBe(true);
  });

  test('tells what it is', async () => {
    const { folder, plan, result } = await exportDrawn(await one(), { format: 'coco' });
    expect(JSON.parse(readFileSync(join(folder, 'r2o-studio.json'), 'utf8'))).toMatchObject({
      dataset: 'pets',
      version: 2,
      format: 'coco',
      exportId: plan.exportId,
      result,
    });
    expect(manifestOf(plan, result).name).toBe('r2o-studio.json');
    expect(readFileSync(join(folder, 'images.csv'), 'utf8')).toContain(
      'a,train,images/train/a.png,a.png,8,6,1,',
    );
    expect(readFileSync(join(folder, 'README.txt'), 'utf8')).toContain(
      'turn off "Convert masks to polygons"',
    );
  });
});

describe.skipIf(!canMakeDisks)(`a drive that is too small${diskReason}`, () => {
  const heavy = (count: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const image = await drawnImage(`${index}.png`, cat());
        return { ...image, bytes: Buffer.concat([image.bytes, Buffer.alloc(500_000)]) };
      }),
    );

  test.each([
    [
      'coco',
      'Free some space or choose another drive, or export without copies of the images (hardlink, reference).',
    ],
    ['yolo', 'Free some space or choose another drive.'],
  ] as const)('is told before the first byte of %s is written', async (format, hint) => {
    const disk = tinyDisk(1_024);
    await expect(exportDrawn(await heavy(5), { format, outPath: join(disk, 'out') })).rejects.toMatchObject({
      code: 'DISK_FULL',
      hint,
      message: expect.stringMatching(/^The export needs about 3 MB, but .* has only 2 MB free.$/) as string,
    });
    expect(readdirSync(disk)).toEqual([]);
  });

  test.each(['coco', 'sqlite'] as const)('and fills up on the way ends %s cleanly', async (format) => {
    const disk = tinyDisk(1_024);
    // Links cannot reach another drive, so these become copies that nobody could count on; sqlite only names them.
    const drawn =
      format === 'coco'
        ? await heavy(5)
        : [
            await drawnImage(
              'a.png',
              Array.from({ length: 600 }, () => ({ bitmap: noise, className: 'cat' })),
            ),
          ];
    const images = format === 'coco' ? 'hardlink' : 'reference';
    await expect(exportDrawn(drawn, { format, images, outPath: join(disk, 'out') })).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringContaining('is full') as string,
    });
    expect(existsSync(join(disk, 'out'))).toBe(false);
  });
});

/** A checkerboard: the longest run lengths that a mask of its size has. */
const noise: Bitmap = {
  widthPx: 80,
  heightPx: 60,
  data: Uint8Array.from({ length: 4_800 }, (_, at) => (at + Math.floor(at / 80)) % 2),
};

describe('a format', () => {
  test.each([
    ['yolo', 'hardlink'],
    ['yolo', 'reference'],
    ['huggingface', 'reference'],
    ['huggingface-parquet', 'hardlink'],
    ['sqlite', 'hardlink'],
  ] as const)('%s refuses %s for its images with the reason', async (format, images) => {
    await expect(exportDrawn([await drawnImage('a.png', cat())], { format, images })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      hint: expect.stringContaining('Choose images: copy') as string,
    });
  });

  test('that insists on a val split says that it has none', async () => {
    const { result } = await exportDrawn([await drawnImage('a.png', cat())], { format: 'yolo' });
    expect(result.notes).toEqual([expect.stringMatching(/^There is no val split/)]);
  });

  test('with 8 bits refuses more classes than it numbers; with 16 it takes them', async () => {
    const many = await drawnImage('a.png', Array.from({ length: 300 }, (_, index) => ({ bitmap: mask, className: `class ${String(index).padStart(3, '0')}` }))); // prettier-ignore
    await expect(exportDrawn([many], { format: 'voc' })).rejects.toThrow(
      '300 classes, but 8 bits can only number 254',
    );
    const { folder, result } = await exportDrawn([many], { format: 'index-png' });
    const { depth } = await sharp(join(folder, 'labels/train/a.png')).metadata();
    expect(depth).toBe('ushort');
    expect(result.notes).toEqual(['Objects are not numbered: there are more than 64 classes.']);
  });
});
