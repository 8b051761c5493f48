import { isAbsolute, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { dataFolder } from '../../../../src-main/host/shared/data-folder.ts';

test('is the one that was chosen, else that of the environment, else the usual one', () => {
  expect(dataFolder('chosen', { R2O_DATA: 'other' })).toBe(resolve('chosen'));
  expect(dataFolder(undefined, { R2O_DATA: '/other' })).toBe('/other');
  expect(isAbsolute(dataFolder(undefined, {}))).toBe(true);
});
