import fc from 'fast-check';
import type { Bitmap } from '../../src-main/core/mask/rle.ts';

/** A mask drawn with characters: `#` is inside. */
export function bitmapOf(...rows: string[]): Bitmap {
  const widthPx = rows[0]?.length ?? 0;
  const data = Uint8Array.from(rows.join(''), (char) => Number(char === '#'));
  return { data, widthPx, heightPx: rows.length };
}

/** An object of 15 pixels with a hole, and a part that touches the rest at a corner alone; its box is 1, 1, 7 x 5. */
export const ring = bitmapOf('........', '.#####..', '.#...#..', '.#####..', '.......#', '......##');

/** The drawing of a mask, for messages of failed tests. */
export function drawingOf({ data, widthPx }: Bitmap): string[] {
  const text = Array.from(data, (value) => (value === 0 ? '.' : '#')).join('');
  return Array.from({ length: data.length / widthPx }, (_, y) => text.slice(y * widthPx, (y + 1) * widthPx));
}

/** Any mask at all, down to single pixels and up to noise: the worst that a codec can meet. */
export const anyBitmap: fc.Arbitrary<Bitmap> = fc
  .tuple(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 24 }))
  .chain(([widthPx, heightPx]) =>
    fc
      .array(fc.integer({ min: 0, max: 1 }), { minLength: widthPx * heightPx, maxLength: widthPx * heightPx })
      .map((values) => ({ data: Uint8Array.from(values), widthPx, heightPx })),
  );

type Ellipse = { x: number; y: number; radiusX: number; radiusY: number };

/** Masks as objects have them: blobs of several parts, some with holes, also cut by the image's border. */
export const objectBitmap: fc.Arbitrary<Bitmap> = fc
  .record({
    widthPx: fc.integer({ min: 16, max: 96 }),
    heightPx: fc.integer({ min: 16, max: 96 }),
    parts: fc.array(ellipse(), { minLength: 1, maxLength: 4 }),
    holes: fc.array(ellipse(), { maxLength: 3 }),
  })
  .map(({ widthPx, heightPx, parts, holes }) => {
    const isIn = (shapes: Ellipse[], x: number, y: number, scale: number) =>
      shapes.some(
        (one) =>
          ((x / widthPx - one.x) / (one.radiusX * scale)) ** 2 +
            ((y / heightPx - one.y) / (one.radiusY * scale)) ** 2 <
          1,
      );
    const data = new Uint8Array(widthPx * heightPx);
    for (let y = 0; y < heightPx; y++) {
      for (let x = 0; x < widthPx; x++) {
        data[y * widthPx + x] = Number(isIn(parts, x, y, 1) && !isIn(holes, x, y, 0.4));
      }
    }
    return { data, widthPx, heightPx };
  })
  .filter(({ data }) => data.includes(1));

function ellipse(): fc.Arbitrary<Ellipse> {
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  const radius = fc.double({ min: 0.05, max: 0.5, noNaN: true });
  return fc.record({ x: place, y: place, radiusX: radius, radiusY: radius });
}

/** Share of the union that both masks hold; 1 for two empty ones. */
export function iouOf(a: Bitmap, b: Bitmap): number {
  let [both, either] = [0, 0];
  a.data.forEach((value, at) => {
    const other = b.data[at] ?? 0;
    both += Number(value !== 0 && other !== 0);
    either += Number(value !== 0 || other !== 0);
  });
  return either === 0 ? 1 : both / either;
}
