import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Code = z.object({
  /** Height, width. */
  size: z.tuple([z.number(), z.number()]),
  area: z.number(),
  box: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  runs: z.array(z.number()),
  counts: z.string(),
});
const Case = z.discriminatedUnion('kind', [
  Code.extend({ kind: z.literal('mask'), rows: z.array(z.string()) }),
  Code.extend({ kind: z.literal('polygon'), points: z.array(z.number()) }),
]);
type Case = z.infer<typeof Case>;

/** What the COCO API itself makes of masks and polygons; `fixtures/README.md` says how they were made. */
export function cocoCases<K extends Case['kind']>(kind: K): Extract<Case, { kind: K }>[] {
  const text = readFileSync(join(import.meta.dirname, 'fixtures/coco-masks.json'), 'utf8');
  return z
    .array(Case)
    .parse(JSON.parse(text))
    .filter((one): one is Extract<Case, { kind: K }> => one.kind === kind);
}
