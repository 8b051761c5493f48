import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ContentHash, ImageId } from '../../../../src-main/contract/ids.ts';
import type { KnownFormat } from '../../../../src-main/core/mask-files/file-context.ts';
import { markedName } from '../../../../src-main/export/image-names.ts';
import { csvField } from '../../../../src-main/export/text-file.ts';
import { ImageNames, type NamesOptions } from '../../../../src-main/worker/imports/image-names.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const hashOf = (index: number) => ContentHash.parse(index.toString(16).padStart(64, '0'));

function namesOf(relPaths: readonly string[], options: Partial<NamesOptions> = {}): ImageNames {
  const names = new ImageNames({ rootPath: '/photos/set', importPath: '/in', format: 'coco', ...options });
  for (const [index, relPath] of relPaths.entries()) {
    const imageId = ImageId.parse(index + 1);
    names.add({ imageId, relPath, contentHash: hashOf(index), widthPx: 8, heightPx: 6, isDone: false });
  }
  return names;
}

/** The path of the image that a name stands for, or why it stands for none. */
function found(names: ImageNames, name: string, file = '/in/annotations.json'): string {
  const image = names.find(name, file);
  return typeof image === 'string' ? image : image.image.relPath;
}

describe('the image of a name', () => {
  const set = namesOf(['cats/only.jpg', 'root.jpg', 'dogs/café.jpg', 'x#1 100%25?.jpg', 'my cat.jpg', 'birds/IMG 001 (2).png']); // prettier-ignore

  test.each([
    ['cats/only.jpg', 'cats/only.jpg'],
    ['./cats/only.jpg', 'cats/only.jpg'],
    ['/home/me/set/cats/only.jpg', 'cats/only.jpg'],
    ['/photos/set/root.jpg', 'root.jpg'],
    ['set/root.jpg', 'root.jpg'],
    ['D:\\work\\set\\root.jpg', 'root.jpg'],
    ['images/train/cats/only.jpg', 'cats/only.jpg'],
    ['cats\\only.jpg', 'cats/only.jpg'],
    ['only.jpg', 'cats/only.jpg'],
    ['only', 'cats/only.jpg'],
    ['cats/only', 'cats/only.jpg'],
    ['images/cats__only.png', 'cats/only.jpg'],
    ['/elsewhere/cats__only.png', 'cats/only.jpg'],
    ['images/root.jpg', 'root.jpg'],
    ['dogs/cafe\u0301.jpg', 'dogs/café.jpg'],
    ['dogs/caf\u00e9.jpg', 'dogs/café.jpg'],
    ['dogs/caf%C3%A9.jpg', 'dogs/café.jpg'],
    ['x#1 100%25?.jpg', 'x#1 100%25?.jpg'],
    ['x%231%20100%2525%3F.jpg', 'x#1 100%25?.jpg'],
    ['my%20cat.jpg', 'my cat.jpg'],
    ['file:///photos/set/my%20cat.jpg', 'my cat.jpg'],
    ['https://host/media/cats/only.jpg?token=1', 'cats/only.jpg'],
    ['/data/local-files/?d=set/cats/only.jpg', 'cats/only.jpg'],
    ['http://localhost:8080/data/local-files/?d=set/my%20cat.jpg', 'my cat.jpg'],
    ['/data/upload/3/1a2b3c4d-only.jpg', 'cats/only.jpg'],
    ['/data/upload/3/1a2b3c4d-my_cat.jpg', 'my cat.jpg'],
    ['1a2b3c4d-cats__only.jpg', 'cats/only.jpg'],
    ['only_jpg.rf.0123456789abcdef0123456789abcdef.jpg', 'cats/only.jpg'],
    ['CATS/Only.JPG', 'cats/only.jpg'],
    ['images/train/DOGS__CAFE\u0301.png', 'dogs/café.jpg'],
    ['ROOT', 'root.jpg'],
    ['train/IMG-001-2-_png.rf.0123456789abcdef0123456789abcdef.jpg', 'birds/IMG 001 (2).png'],
  ])('%s is found', (name, relPath) => expect(found(set, name)).toBe(relPath));

  test.each([
    ['birds/only.jpg', 'there is cats/only.jpg, but in another folder'],
    ['birds/root.jpg', 'there is root.jpg, but in another folder'],
    ['/elsewhere/root.jpg', 'there is root.jpg, but in another folder'],
    ['Birds/ROOT.jpg', 'No image of the segmentation has this name'],
    ['nobody.jpg', 'No image of the segmentation has this name'],
    ['', 'No image of the segmentation has this name'],
    ['..', 'No image of the segmentation has this name'],
    ['%E0%A4%A', 'No image of the segmentation has this name'],
  ])('%j is named instead', (name, refusal) => expect(found(set, name)).toContain(refusal));

  test('that is decomposed on the disk is found by a composed one', () => {
    expect(found(namesOf(['sub/cafe\u0301.jpg']), 'sub/caf\u00e9.jpg')).toBe('sub/cafe\u0301.jpg');
    const both = namesOf(['sub/cafe\u0301.jpg', 'sub/caf\u00e9.jpg']);
    expect(found(both, 'sub/cafe\u0301.jpg')).toBe('sub/cafe\u0301.jpg');
    expect(found(both, 'sub/caf\u00e9.jpg')).toBe('sub/caf\u00e9.jpg');
    expect(found(both, 'sub/cafe\u0301.png')).toContain('Several images');
  });

  test('that several images could have is none', () => {
    const names = namesOf(['cats/twice.jpg', 'dogs/twice.jpg', 'p.jpg', 'p.bmp', 'my cat.jpg', 'my_cat.jpg', 'DUP.JPG', 'DUP.jpg']); // prettier-ignore
    for (const name of ['twice.jpg', 'p.png', '1a2b3c4d-my_cat.jpg', 'DUP', 'images/DUP.png'])
      expect(found(names, name)).toContain('Several images');
    expect(['my_cat.jpg', 'my cat.jpg', 'DUP.JPG', 'DUP.jpg'].map((name) => found(names, name))).toEqual(['my_cat.jpg', 'my cat.jpg', 'DUP.JPG', 'DUP.jpg']); // prettier-ignore
  });

  test('is the numbered one of an earlier export, if its extension says which', () => {
    const names = namesOf(['a.jpg', 'a.png', 's.tif', 's.png', 'p.jpg', 'p.png', 'p-2.jpg']);
    expect(found(names, 'a-2.png')).toBe('a.png');
    expect(found(names, 's-2.png')).toContain('Several images');
    expect(found(names, 'p-2.jpg')).toBe('p-2.jpg');
    expect(found(names, 'p-2.png')).toContain('Several images');
    expect(found(names, 'a-2.gif')).toContain('No image');
  });

  test('is the marked one of an export, without its list', () => {
    const paths = [
      'a.jpg',
      'a.png',
      'DUP.JPG',
      'DUP.jpg',
      'my cat.jpg',
      'my_cat.jpg',
      'scan.tif',
      'scan.png',
    ];
    const names = namesOf(paths);
    for (const [index, relPath] of paths.entries()) {
      const name = markedName({ relPath, contentHash: hashOf(index) });
      expect(found(names, `${name}.png`)).toBe(relPath);
      expect(found(names, `data/upload/1/1a2b3c4d-${name}.png`)).toBe(relPath);
    }
  });
});

describe('the name in a file about one image', () => {
  const paths = ['001.jpg', 'cats/001.jpg', 'dogs/001.jpg', 'dogs/002.jpg'];
  const inCollection = (format: KnownFormat) => namesOf(paths, { format, importPath: '/photos/set' });

  test('is relative to it', () => {
    const names = inCollection('labelme');
    expect(found(names, '001.jpg', '/photos/set/cats/001.json')).toBe('cats/001.jpg');
    expect(found(names, '../dogs/001.jpg', '/photos/set/cats/001.json')).toBe('dogs/001.jpg');
    const exported = namesOf(paths, { format: 'labelme', importPath: '/out' });
    expect(found(exported, '../../photos/set/dogs/001.jpg', '/out/train/dogs__001.json')).toBe(
      'dogs/001.jpg',
    );
    // The export was moved elsewhere: the end of the path says which it is.
    expect(found(exported, '../../photos/set/dogs/001.jpg', '/x/out/train/dogs__001.json')).toBe(
      'dogs/001.jpg',
    );
  });

  test('is in the folder that the file has in the import', () => {
    const others = ['cats/001.jpg', 'dogs/001.jpg'];
    const shapes = namesOf(others, { format: 'labelme' });
    expect(found(shapes, '001.jpg', '/in/dogs/001.json')).toBe('dogs/001.jpg');
    const pictures = namesOf(others, { format: 'binary-png' });
    expect(found(pictures, '001', '/in/cats/001.png')).toBe('cats/001.jpg');
    expect(found(pictures, '001', '/in/001.png')).toContain('Several images');
    expect(found(namesOf(paths, { format: 'labelme' }), '001.jpg', '/in/dogs/001.json')).toContain(
      'Several images of the segmentation have this name (001.jpg, dogs/001.jpg)',
    );
  });
});

describe('the list of an export', () => {
  const paths = ['a.jpg', 'a.png', 'p.png', 'p-2.jpg', 'train/a.jpg', 'scan.png', 'scan.tif'];

  /** An export as earlier versions named its images: numbers behind names that are taken. */
  function writeList(rows: [name: string, file: string, original: string][], folder = tempFolder()): string {
    const lines = rows.map(([name, file, original]) =>
      [name, 'train', file, original, 8, 6, 1, hashOf(Math.max(0, paths.indexOf(original)))]
        .map(csvField)
        .join(','),
    );
    mkdirSync(join(folder, 'annotations'), { recursive: true });
    const header = 'name,split,file,original,width,height,masks,sha256';
    writeFileSync(join(folder, 'images.csv'), `${[header, ...lines].join('\r\n')}\r\n`);
    return join(folder, 'annotations', 'instances_train.json');
  }

  const exported = () =>
    writeList([
      ['a', 'images/train/a.jpg', 'a.jpg'],
      ['a-2', 'images/train/a-2.png', 'a.png'],
      ['p', 'images/train/p.jpg', 'p-2.jpg'],
      ['p-2', 'images/train/p-2.jpg', 'p.png'],
      ['train__a', 'images/train/train__a.jpg', 'train/a.jpg'],
      ['scan', 'images/train/scan.png', 'scan.tif'],
      ['scan-2', 'images/train/scan-2.png', 'scan.png'],
    ]);
  const names = namesOf(paths);

  test.each([
    ['a.jpg', 'a.jpg'],
    ['a-2.png', 'a.png'],
    ['a-2', 'a.png'],
    ['p-2.jpg', 'p.png'],
    ['images/train/a.jpg', 'a.jpg'],
    ['train/a.jpg', 'a.jpg'],
    ['train__a.jpg', 'train/a.jpg'],
    ['scan.png', 'scan.tif'],
    ['1a2b3c4d-scan-2.png', 'scan.png'],
  ])('says which image %s is', (name, relPath) => expect(found(names, name, exported())).toBe(relPath));

  test('does not stand for an image whose content is another, or that is not there', () => {
    const folder = tempFolder();
    const foreign = writeList([['b', 'images/train/b.jpg', 'nowhere/b.jpg']], folder);
    const text = `name,split,file,original,width,height,masks,sha256\nb,train,images/train/b.jpg,a.jpg,8,6,1,${'f'.repeat(64)}\n`;
    writeFileSync(join(folder, 'images.csv'), text);
    expect(found(names, 'b.jpg', foreign)).toContain('no such image with the same content');
    writeFileSync(join(folder, 'images.csv'), 'name,of,something else\n1,2,3\n');
    expect(found(namesOf(paths), 'a.jpg', foreign)).toBe('a.jpg');
  });

  test('stands for an image that was renamed since by its content, and for none of several copies', () => {
    const listed = writeList([['b', 'images/train/b.jpg', 'b-before.jpg']]);
    const [only, ...others] = ['moved/b.jpg', 'c.jpg', 'd.jpg'];
    const text = (hash: string) =>
      `name,split,file,original,width,height,masks,sha256\nb,train,images/train/b.jpg,b-before.jpg,8,6,1,${hash}\n`;
    writeFileSync(join(listed, '../../images.csv'), text(hashOf(0)));
    const renamed = namesOf([only, ...others]);
    expect(found(renamed, 'b.jpg', listed)).toBe('moved/b.jpg');
    renamed.add({
      imageId: ImageId.parse(9),
      relPath: 'copy.jpg',
      contentHash: hashOf(0),
      widthPx: 8,
      heightPx: 6,
      isDone: false,
    });
    expect(found(renamed, 'b.jpg', listed)).toContain('Several images');
  });

  test('of several that differ in case only is the one that is written so', () => {
    const both = namesOf(['IMG.jpg', 'img.jpg']);
    expect([found(both, 'IMG.jpg'), found(both, 'img.jpg')]).toEqual(['IMG.jpg', 'img.jpg']);
    expect(found(both, 'Img.jpg')).toContain('Several images');
  });

  test('names referenced images by their names alone: their files can be called alike', () => {
    const listed = writeList([
      ['a', '/photos/set/a.jpg', 'a.jpg'],
      ['train__a', '/photos/set/train/a.jpg', 'train/a.jpg'],
    ]);
    expect(found(names, 'train/a.jpg', listed)).toBe('train/a.jpg');
    expect(found(names, 'a.jpg', listed)).toBe('a.jpg');
    expect(found(names, 'train__a', listed)).toBe('train/a.jpg');
  });
});

test('a mark of digits only is no number of an earlier version', () => {
  const relPaths = ['my cat.jpg', 'my_cat.jpg'];
  const images = Array.from({ length: 1_000 }, (_, index) => ({
    relPath: 'my cat.jpg',
    contentHash: hashOf(index),
  }));
  const image = images.find((one) => /-\d{8}$/.test(markedName(one))) ?? expect.fail('no such mark');
  const names = namesOf([]);
  for (const [index, relPath] of relPaths.entries()) {
    const contentHash = index === 0 ? image.contentHash : hashOf(5_000);
    names.add({
      imageId: ImageId.parse(index + 1),
      relPath,
      contentHash,
      widthPx: 8,
      heightPx: 6,
      isDone: false,
    });
  }
  expect(found(names, `${markedName(image)}.jpg`)).toBe('my cat.jpg');
});
