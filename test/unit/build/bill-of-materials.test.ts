import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { billOfMaterials } from '../../../resources/bin/bill-of-materials.ts';

const root = resolve(import.meta.dirname, '../../..');
/** What CycloneDX 1.5 demands of the parts that are used here. */
const Component = z.strictObject({
  type: z.enum(['application', 'library']),
  'bom-ref': z.string(),
  name: z.string().min(1),
  version: z.string().regex(/^\d+\.\d+\.\d+/),
  purl: z.string().regex(/^pkg:npm\/(%40[\w.-]+\/)?[\w.-]+@[\w.+-]+$/),
  scope: z.enum(['required', 'optional', 'excluded']).optional(),
  licenses: z.tuple([z.strictObject({ expression: z.string().min(1) })]).optional(),
  hashes: z
    .array(z.strictObject({ alg: z.literal('SHA-512'), content: z.string().regex(/^[0-9a-f]{128}$/) }))
    .optional(),
});
const Bill = z.strictObject({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.literal('1.5'),
  version: z.literal(1),
  metadata: z.strictObject({ component: Component }),
  components: z.array(Component),
});
const bill = Bill.parse(JSON.parse(billOfMaterials(root, new Set(['svelte']))));
const named = (name: string) => bill.components.filter((one) => one.name === name);

test('the bill of materials lists each package that ships once, with its license and digest', () => {
  expect(bill.metadata.component).toMatchObject({ name: 'r2o-studio', type: 'application' });
  const refs = bill.components.map((one) => one['bom-ref']);
  expect(new Set(refs).size).toBe(refs.length);
  expect(bill.components.filter((one) => !one.hashes || !one.licenses).map(({ name }) => name)).toEqual([]);
});

test('the bill of materials lists what is bundled, and the binaries of every platform', () => {
  for (const name of [
    'better-sqlite3',
    'svelte',
    '@img/sharp-win32-x64',
    '@img/sharp-libvips-darwin-arm64',
  ]) {
    expect(named(name), name).toHaveLength(1);
  }
  expect(named('@img/colour')[0]?.purl).toMatch(/^pkg:npm\/%40img\/colour@/);
  for (const name of ['vitest', 'eslint']) expect(named(name), name).toEqual([]);
});

test('the bill of materials says that only desktop packages contain Electron', () => {
  expect(named('electron').map(({ scope }) => scope)).toEqual(['optional']);
});
