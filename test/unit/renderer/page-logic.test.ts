import { describe, expect, test } from 'vitest';
import { roundedEstimateMs } from '../../../src-main/contract/rounded-estimate.ts';
import { columnsFor, moveInGrid } from '../../../src-renderer/canvas/grid-layout.ts';
import { pathFromText } from '../../../src-renderer/client/desktop.ts';
import { formatBytes, formatDuration, formatMeasured } from '../../../src-renderer/i18n/format.ts';
import { readHash } from '../../../src-renderer/state/navigation.svelte.ts';
import { imageCountText } from '../../../src-renderer/screens/segmentations/image-count-text.ts';
import { isPressed, keyLabels } from '../../../src-renderer/state/shortcuts.svelte.ts';

describe('a grid', () => {
  test('has as many columns as fit, and at least one', () => {
    expect(columnsFor(1_000, 160, 6)).toBe(6);
    expect(columnsFor(986, 160, 6)).toBe(5);
    expect(columnsFor(20, 160, 6)).toBe(1);
  });

  // Ten tiles in columns of four: the last row holds two.
  test.each([
    ['ArrowRight', 3, 4],
    ['ArrowRight', 9, undefined],
    ['ArrowLeft', 4, 3],
    ['ArrowLeft', 0, undefined],
    ['ArrowDown', 1, 5],
    ['ArrowDown', 7, 9],
    ['ArrowDown', 9, undefined],
    ['ArrowUp', 5, 1],
    ['ArrowUp', 1, undefined],
    ['PageDown', 0, 8],
    ['PageUp', 9, 1],
    ['Home', 7, 0],
    ['End', 0, 9],
    ['x', 3, undefined],
  ])('leads with %s from %i to %s', (key, index, to) => {
    expect(moveInGrid(key, { index, columns: 4, rowsOnPage: 2, count: 10 })).toBe(to);
  });

  test('leads nowhere when it is empty', () => {
    expect(moveInGrid('End', { index: 0, columns: 4, rowsOnPage: 2, count: 0 })).toBeUndefined();
  });
});

describe('a pasted or dropped path', () => {
  test.each([
    ['/home/me/My Photos', '/home/me/My Photos'],
    ['  "C:\\Photos"  ', 'C:\\Photos'],
    ['file:///home/me/My%20Photos', '/home/me/My Photos'],
    ['file:///C:/Photos', 'C:/Photos'],
    ['file:///home/me/100%', '/home/me/100%'],
    ['\\\\server\\share', '\\\\server\\share'],
    ['a note about photos', undefined],
    ['https://example.org/a.jpg', undefined],
  ])('%j is the folder %j', (text, path) => {
    expect(pathFromText(text)).toBe(path);
  });
});

describe('numbers for people', () => {
  test('are bytes in the unit that fits', () => {
    expect([0, 900, 1_536, 5 * 2 ** 20, 3.25 * 2 ** 30].map(formatBytes)).toEqual([
      '0 B',
      '900 B',
      '1.5 KB',
      '5 MB',
      '3.3 GB',
    ]);
  });

  test('are measured to four digits', () => {
    expect([0, 0.706_249, 9.0097, -1.5, 12_345.6, 0.000_012_34].map(formatMeasured)).toEqual([
      '0',
      '0.7062',
      '9.01',
      '-1.5',
      '12,346',
      '1.234E-5',
    ]);
  });

  test('are times to two units', () => {
    expect([400, 59_400, 60_000, 200_000, 7_500_000, 200_000_000].map(formatDuration)).toEqual([
      '0 s',
      '59 s',
      '1 min',
      '3 min 20 s',
      '2 h 5 min',
      '2 d 7 h',
    ]);
  });

  test('are no more exact than an estimate is', () => {
    const estimates = [0, 14_000, 1_276_000, 7_100_000, 268_140_000];
    expect(estimates.map((ms) => formatDuration(roundedEstimateMs(ms)))).toEqual([
      ...['10 s', '10 s', '21 min', '2 h', '3 d 2 h'],
    ]);
  });
});

describe('an address of the page', () => {
  test('names a screen and a place in it', () => {
    expect(readHash('#/library/3/images/55')).toEqual({
      screen: 'library',
      path: ['3', 'images', '55'],
      query: {},
    });
    expect(readHash('#/a%2Fb')).toEqual({ screen: 'a/b', path: [], query: {} });
    expect(readHash('#/library/100%')).toEqual({ screen: 'library', path: ['100%'], query: {} });
    expect(readHash('#/masks/1?sort=score&name=a%26b')).toEqual({
      screen: 'masks',
      path: ['1'],
      query: { sort: 'score', name: 'a&b' },
    });
  });

  test.each(['', '#', '#/', '#library'])('%j names none', (hash) => {
    expect(readHash(hash)).toBeUndefined();
  });
});

describe('a shortcut', () => {
  const press = (key: string, modifiers: Partial<KeyboardEvent> = {}) =>
    ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...modifiers }) as KeyboardEvent;

  test('is pressed with exactly its modifiers', () => {
    expect(isPressed(press('o', { ctrlKey: true }), 'mod+o')).toBe(true);
    expect(isPressed(press('o'), 'mod+o')).toBe(false);
    expect(isPressed(press('o', { ctrlKey: true, shiftKey: true }), 'mod+o')).toBe(false);
    expect(isPressed(press('O', { ctrlKey: true, shiftKey: true }), 'mod+shift+o')).toBe(true);
  });

  test('of a sign is pressed wherever the keyboard has it', () => {
    expect(isPressed(press('?', { shiftKey: true }), '?')).toBe(true);
    expect(isPressed(press('+', { shiftKey: true }), '+')).toBe(true);
    expect(isPressed(press('+'), '+')).toBe(true);
  });

  test('is shown as its keys', () => {
    expect(keyLabels('mod+shift+o')).toEqual(['Ctrl', 'Shift', 'O']);
    expect(keyLabels('+')).toEqual(['+']);
    expect(keyLabels('ArrowLeft')).toEqual(['←']);
  });
});

test('a segmentation never has more images than all of its collection', () => {
  expect(imageCountText(0, 7)).toBe('0 of 7 images');
  expect(imageCountText(6, 7)).toBe('6 of 7 images');
  expect(imageCountText(7, 7)).toBe('7 images');
  // The file of one is missing.
  expect(imageCountText(8, 7)).toBe('8 images');
  expect(imageCountText(1, 0)).toBe('1 image');
});
