import { expect, test } from 'vitest';
import { ImageId } from '../../../../src-main/contract/ids.ts';
import { ImportNames } from '../../../../src-main/worker/jobs/import-names.ts';

function namesOf(...relPaths: string[]): ImportNames {
  const names = new ImportNames();
  for (const [index, relPath] of relPaths.entries()) {
    names.add({ imageId: ImageId.parse(index + 1), relPath, widthPx: 8, heightPx: 6 });
  }
  return names;
}

const found = (names: ImportNames, name: string) => {
  const image = names.find(name);
  return typeof image === 'string' ? image : image.relPath;
};

test.each([
  ['cats/only.jpg', 'cats/only.jpg'],
  ['./cats/only.jpg', 'cats/only.jpg'],
  ['/home/me/set/cats/only.jpg', 'cats/only.jpg'],
  ['images/train/cats/only.jpg', 'cats/only.jpg'],
  ['only.jpg', 'cats/only.jpg'],
  ['only', 'cats/only.jpg'],
  ['images/cats__only.png', 'cats/only.jpg'],
  ['images/root.jpg', 'root.jpg'],
  ['dogs/cafe\u0301.jpg', 'dogs/caf\u00e9.jpg'],
  ['dogs/caf\u00e9.jpg', 'dogs/caf\u00e9.jpg'],
])('%s is found', (name, relPath) => {
  expect(found(namesOf('cats/only.jpg', 'root.jpg', 'dogs/caf\u00e9.jpg'), name)).toBe(relPath);
});

test('a decomposed name on disk is found by a composed one', () => {
  expect(found(namesOf('sub/cafe\u0301.jpg'), 'sub/caf\u00e9.jpg')).toBe('sub/cafe\u0301.jpg');
});

test('a name in another folder is not taken for the image, and neither is one of two', () => {
  const names = namesOf('cats/only.jpg', 'cats/twice.jpg', 'dogs/twice.jpg');
  expect(found(names, 'birds/only.jpg')).toMatch('there is cats/only.jpg, but in another folder');
  expect(found(names, 'twice.jpg')).toMatch('Several images');
  expect(found(names, 'nobody.jpg')).toMatch('No image of the segmentation has this name');
});
