import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Rows = z.array(z.string());
const Size = z.tuple([z.number(), z.number()]);
const Shape = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('polygon'),
    size: Size,
    points: z.array(z.number()),
    opencv: Rows,
    pillow: Rows,
  }),
  z.object({
    kind: z.literal('ellipse'),
    size: Size,
    bounds: z.tuple([z.number(), z.number(), z.number(), z.number()]),
    pillow: Rows,
  }),
]);
type Shape = z.infer<typeof Shape>;

/** What drawing libraries make of shapes; `fixtures/README.md` says how they were made. */
export function drawnShapes<K extends Shape['kind']>(kind: K): Extract<Shape, { kind: K }>[] {
  const text = readFileSync(join(import.meta.dirname, 'fixtures/drawn-shapes.json'), 'utf8');
  return z
    .array(Shape)
    .parse(JSON.parse(text))
    .filter((one): one is Extract<Shape, { kind: K }> => one.kind === kind);
}
