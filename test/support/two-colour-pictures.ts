import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RandomStream } from '../../src-main/core/tensor/random.ts';
import { sharpOf } from './test-images.ts';

export const TWO_COLOURS_SIZE = { width: 160, height: 120 };
export const SQUARE_PX = 44;
const { width: WIDTH, height: HEIGHT } = TWO_COLOURS_SIZE;
type Colour = readonly [number, number, number];
const [RED, BLUE]: readonly Colour[] = [
  [205, 40, 45],
  [40, 60, 205],
];

/** Where the red and the blue square of a picture are. */
function placesOf(index: number): { red: Place; blue: Place } {
  const random = new RandomStream(100 + index);
  const y = () => 12 + Math.floor(random.uniform() * (HEIGHT - SQUARE_PX - 24));
  const left = { x: 18 + Math.floor(random.uniform() * 14), y: y() };
  const right = { x: 90 + Math.floor(random.uniform() * 14), y: y() };
  return random.uniform() < 0.5 ? { red: left, blue: right } : { red: right, blue: left };
}
type Place = { x: number; y: number };

/** Where the red square of a picture begins. */
export const redPlace = (index: number): Place => placesOf(index).red;

/** Whether a pixel is in a square that begins at a place. */
export const isIn = ({ x, y }: Place, column: number, row: number): boolean =>
  column >= x && column < x + SQUARE_PX && row >= y && row < y + SQUARE_PX;

export const twoColoursName = (index: number): string => `${String(index).padStart(2, '0')}.png`;

/** Pictures of a red and a blue square on a ground of many colours, which is not even. */
export async function writeTwoColours(folder: string, count: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index < count; index++) {
    const random = new RandomStream(index);
    const { red, blue } = placesOf(index);
    const data = Buffer.alloc(WIDTH * HEIGHT * 3);
    for (let row = 0; row < HEIGHT; row++) {
      for (let column = 0; column < WIDTH; column++) {
        const wave = Math.sin(column / 11 + index) * Math.cos(row / 13);
        const ground = [125 + 75 * wave, 130 + 50 * Math.cos(column / 17), 100 - 70 * wave];
        const square = isIn(red, column, row) ? RED : isIn(blue, column, row) ? BLUE : undefined;
        for (let c = 0; c < 3; c++) {
          const value = square?.[c] ?? ground[c] ?? 0;
          data[(row * WIDTH + column) * 3 + c] = Math.max(0, Math.min(255, value + 8 * random.normal()));
        }
      }
    }
    await sharpOf({ data, widthPx: WIDTH, heightPx: HEIGHT })
      .png()
      .toFile(join(folder, twoColoursName(index)));
  }
}
