import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameBeside } from '../../../src-main/domain/name-beside.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const suffix = '.0123456789ab.partial';

test('a short name is kept whole', () => {
  expect(nameBeside('/a/b.csv', { suffix })).toBe(`/a/b.csv${suffix}`);
  expect(nameBeside('/a/b', { prefix: '.', suffix: '.part' })).toBe('/a/.b.part');
});

test('a name of any length and script fits beside, and can be written', () => {
  const folder = tempFolder();
  const name = fc
    .array(fc.constantFrom('a', 'é', '写', '🖼'), { minLength: 1, maxLength: 255 })
    .map((characters) => characters.join(''))
    .filter((text) => Buffer.byteLength(text) <= 255);
  fc.assert(
    fc.property(name, (name) => {
      const path = nameBeside(join(folder, name), { prefix: '.', suffix });
      expect(dirname(path)).toBe(folder);
      expect(Buffer.byteLength(basename(path))).toBeLessThanOrEqual(255);
      expect(basename(path)).not.toContain('\ufffd');
      writeFileSync(path, '');
    }),
    { numRuns: 60 },
  );
});
