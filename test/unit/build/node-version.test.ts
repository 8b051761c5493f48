import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import config from '../../../electron.vite.config.ts';

const root = resolve(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(resolve(root, path), 'utf8');
const { engines, devDependencies } = z
  .object({
    engines: z.object({ node: z.string().regex(/^>=\d+\.\d+$/) }),
    devDependencies: z.object({ '@types/node': z.string() }),
  })
  .parse(JSON.parse(read('package.json')));
const oldest = engines.node.slice('>='.length);
const [major] = oldest.split('.');

test('the app is built for the oldest Node that package.json allows', () => {
  expect(config).toMatchObject({ main: { build: { target: `node${oldest}` } } });
});

test('tests run on the oldest Node that package.json allows, with its types', () => {
  expect(read('.github/workflows/test.yml')).toContain(`node: [${major}, 24]`);
  expect(devDependencies['@types/node']).toContain(`^${major}.`);
});

test('the pages and the diagnostics name the oldest Node that package.json allows', () => {
  for (const page of ['README.md', 'resources/docs/installing.md']) {
    expect(read(page), page).toContain(`with Node ${oldest} or newer`);
  }
  const [, minor] = oldest.split('.');
  expect(read('src-main/service/doctor.ts')).toContain(`MIN_NODE = { major: ${major}, minor: ${minor} }`);
});
