import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, crc32, deflateRawSync, deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { runBounded } from '../../../support/bounded-run.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

/** What Node reserves for itself is 500 MB of it; the files of these tests are small. */
const MEMORY_MB = 900;
const SIZE = [160, 120] as const;

type Found = { areas: number[]; problems: string[] };
type Content = string | Uint8Array;

/** What is read of files in a process of limited memory; with `size`, each of their images has it. */
function read(
  format: 'coco' | 'labelme' | 'binary-png' | 'index-png',
  files: readonly Content[],
  size?: readonly [width: number, height: number],
): Found[] {
  const folder = tempFolder();
  const names = files.map((_, index) => `${index}.${format.endsWith('png') ? 'png' : 'json'}`);
  files.forEach((content, index) => writeFileSync(join(folder, names[index] ?? ''), content));
  const { printed } = runBounded<Record<string, Found>>(
    'test/support/workers/read-mask-files.ts',
    [folder, format, ...(size ?? []).map(String)],
    { memoryMb: MEMORY_MB },
  );
  return names.map((name) => printed[name] ?? { areas: [], problems: ['not read'] });
}

const named = (reason: string | RegExp): Found => ({
  areas: [],
  problems: [expect.stringMatching(reason) as string],
});
const whole = (...areas: number[]): Found => ({ areas, problems: [] });

const square = [10, 10, 20, 10, 20, 20, 10, 20];

const coco = (width: unknown, height: unknown, segmentation: unknown = [square]) =>
  JSON.stringify({
    images: [{ id: 1, file_name: 'a.jpg', width, height }],
    annotations: [{ id: 7, image_id: 1, category_id: 1, segmentation }],
    categories: [{ id: 1, name: 'cat' }],
  });

const labelMe = (width: unknown, height: unknown, ...shapes: object[]) =>
  JSON.stringify({ imagePath: 'a.jpg', imageWidth: width, imageHeight: height, shapes });
const polygon = { label: 'cat', points: [[10, 10], [20, 10], [20, 20], [10, 20]] }; // prettier-ignore
const circle = (radius: number) => ({
  label: 'moon',
  shape_type: 'circle',
  points: [[50, 50], [50 + radius, 50]], // prettier-ignore
});

/** A stream that inflates to this many zeros, or to 800 MB if they are more. */
function bombOf(sizeBytes: number): Buffer {
  const block = deflateRawSync(Buffer.alloc(2 ** 20), { finishFlush: constants.Z_SYNC_FLUSH });
  const blocks = Math.min(Math.ceil(sizeBytes / 2 ** 20), 800);
  return Buffer.concat([Buffer.from([0x78, 0x9c]), ...Array.from({ length: blocks }, () => block)]);
}

/** A PNG of zeros whose rows are as the header says, packed; `texts` are further chunks. */
function zeros(width: number, height: number, bits: number, ...more: Buffer[]): Buffer {
  const chunk = (type: string, content: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
    const frame = Buffer.alloc(body.length + 8);
    frame.writeUInt32BE(content.length);
    body.copy(frame, 4);
    frame.writeUInt32BE(crc32(body), body.length + 4);
    return frame;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  head[8] = bits;
  const rowsBytes = height * (Math.ceil((width * bits) / 8) + 1);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    ...more.map((content) => chunk('iCCP', content)),
    chunk('IDAT', rowsBytes > 1e6 ? bombOf(rowsBytes) : deflateSync(Buffer.alloc(rowsBytes))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

describe('a size that a file claims', () => {
  const sizes = [[1e5, 1e5], [2 ** 31, 2 ** 31], [2 ** 53 - 1, 2 ** 53 - 1], [2 ** 53 - 1, 1]] as const; // prettier-ignore

  test.each(['coco', 'labelme'] as const)('is compared before anything is made of it (%s)', (format) => {
    const files = sizes.map(([width, height]) =>
      format === 'coco' ? coco(width, height) : labelMe(width, height, polygon),
    );
    expect(read(format, files, SIZE)).toEqual(files.map(() => named(/It is \d+ x/)));
    expect(read(format, files)).toEqual(files.map(() => named('the limit is 100 megapixels')));
  });

  test('that is none leaves that of the image', () => {
    const widths = [0, -1, 1.5, 'wide', null, [], 1e300, undefined];
    const cocoFiles = widths.map((width) => coco(width, 120));
    expect(read('coco', cocoFiles, SIZE)).toEqual(widths.map(() => whole(100)));
    const labelMeFiles = widths.map((width) => labelMe(width, 120, polygon));
    expect(read('labelme', labelMeFiles, SIZE)).toEqual(widths.map(() => whole(121)));
  });

  test.each(['binary-png', 'index-png'] as const)('is compared before pixels are decoded (%s)', (format) => {
    const files = [zeros(30_000, 30_000, 1), zeros(2 ** 31 - 1, 2 ** 31 - 1, 8)];
    expect(read(format, files, SIZE)).toEqual(files.map(() => named(/It is \d+ x/)));
    expect(read(format, files)).toEqual(files.map(() => named('100 megapixels')));
  });

  test('is not exceeded by the pixels of a PNG, nor by what else it holds', () => {
    const head = zeros(10, 10, 8).subarray(0, 33);
    const pixelBomb = Buffer.concat([head, zeros(40_000, 20_000, 8).subarray(33)]);
    const profile = Buffer.concat([Buffer.from('x\0\0'), bombOf(Infinity)]);
    expect(read('binary-png', [pixelBomb, zeros(10, 10, 8, profile)])).toEqual([
      named('its pixels are damaged'),
      whole(),
    ]);
  });

  test('is that of run lengths, whose sum is its area', () => {
    const cases = [
      [{ size: [100_000, 100_000], counts: [0, 1e10] }, 'Its mask is 100000 x 100000'],
      [{ size: [120, 160], counts: [0, 2 ** 53 - 1] }, 'the run lengths cover'],
      [{ size: [120, 160], counts: [1.5, 2] }, 'neither polygons nor run lengths'],
      [{ size: [120, 160], counts: [-1, 19_201] }, 'neither polygons nor run lengths'],
      [{ size: [120, 160], counts: 'ooooooooo' }, 'these bytes are not COCO run lengths'],
      [{ size: [120, 160], counts: '\u00c3' }, 'these bytes are not COCO run lengths'],
    ] as const;
    const files = cases.map(([rle]) => coco(160, 120, rle));
    expect(read('coco', files, SIZE)).toEqual(cases.map(([, reason]) => named(reason)));
  });
});

describe('a shape', () => {
  test('that reaches beyond the image is clipped to it, however far', () => {
    const far = [-1e8, 10, 1e8, 10, 1e8, 20, -1e8, 20];
    expect(read('coco', [coco(160, 120, [far])], SIZE)).toEqual([whole(1600)]);
    expect(read('labelme', [labelMe(160, 120, circle(1e8))], SIZE)).toEqual([whole(19_200)]);
  });

  test('with numbers that are no places is named, and the others are read', () => {
    expect(read('labelme', [labelMe(160, 120, circle(1e300), polygon)], SIZE)).toEqual([
      { ...named(/shapes\[0\] 'moon'.*one of its coordinates is/), areas: [121] },
    ]);
    const nan = coco(160, 120).replace('[10,', '[NaN,');
    const infinite = coco(160, 120).replace('20,10', '20,-Infinity');
    const noNumber = named('one of its coordinates is not a number');
    expect(read('coco', [nan, infinite], SIZE)).toEqual([noNumber, noNumber]);
  });

  test('whose outline is longer than any is named before it is filled', () => {
    const zigzag = Array.from({ length: 200_000 }, (_, at) => [at % 2 === 0 ? 0 : 159, at % 120]).flat();
    expect(read('coco', [coco(160, 120, [zigzag])], SIZE)).toEqual([named('pixels long')]);
  });
});

describe('JSON', () => {
  test('that would take much more memory than its bytes is refused before it is parsed', () => {
    expect(read('coco', ['['.repeat(1e6), `[${'{},'.repeat(5_100_000)}{}]`])).toEqual([
      named('nested deeper than 64 levels'),
      named('million lists and objects'),
    ]);
  });

  test('may begin with a byte order mark, and texts may hold what looks like more', () => {
    const file = `\ufeff${coco(160, 120).replace('a.jpg', `NaN, {[\\"${'['.repeat(100)}`)}`;
    expect(read('coco', [file], SIZE)).toEqual([whole(100)]);
  });
});
