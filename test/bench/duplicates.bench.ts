import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprintOf, SIGNATURE_SIDE, type Fingerprint } from '../../src-main/core/image/fingerprint.ts';
import { lookAlikes, type Grade } from '../../src-main/core/image/look-alike.ts';
import { sharp } from '../../src-main/core/image/sharp-setup.ts';
import { sharedPath } from '../support/shared.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import { randomFrom } from './quick-random.ts';

const SETS = ['pets', 'coco', 'nuclei'];
/** Copies are made of every so many photos. */
const EVERY = 3;
const SPEED_IMAGES = 20_000;

type Copy = { what: string; of: number };
type Image = ReturnType<typeof sharp>;
type Size = { width: number; height: number };

const crop =
  (left: number, top: number, width: number, height: number) =>
  (image: Image, size: Size): Image =>
    image.extract({
      left: Math.round(left * size.width),
      top: Math.round(top * size.height),
      width: Math.round(width * size.width),
      height: Math.round(height * size.height),
    });
const CHANGES: Record<string, (image: Image, size: Size) => Image> = {
  'half the size': (image, { width }) => image.resize(Math.round(width / 2)),
  'JPEG quality 30': (image) => image.jpeg({ quality: 30 }),
  'cropped by 3 %': crop(0.02, 0, 0.97, 0.98),
  'cropped by 5 %': crop(0.03, 0.02, 0.95, 0.95),
  'cropped by 10 %': crop(0.02, 0.07, 0.9, 0.9),
  'brighter by 20 %': (image) => image.modulate({ brightness: 1.2 }),
};

/**
 * How many changed copies of the photos of `shared/data` are found, and how many pairs of different photos are taken for
 * look-alikes; and the processor time of comparing 20,000 images with each other.
 */
export async function run(): Promise<BenchReport> {
  const files = SETS.flatMap((set) => {
    const folder = sharedPath('data', set, 'images');
    return readdirSync(folder)
      .sort()
      .map((name) => join(folder, name));
  });
  const prints = await Promise.all(
    files.map(async (file) => fingerprintOf(await sharp(file).webp().toBuffer())),
  );
  const copies: Copy[] = [];
  for (const [what, change] of Object.entries(CHANGES)) {
    for (let of = 0; of < files.length; of += EVERY) {
      const { width, height } = await sharp(files[of]).metadata();
      prints.push(await fingerprintOf(await change(sharp(files[of]), { width, height }).jpeg().toBuffer()));
      copies.push({ what, of });
    }
  }
  const photos = files.length;
  const originOf = (at: number) => (at < photos ? at : (copies[at - photos]?.of ?? -1));
  const found = new Map<string, Record<Grade, number>>();
  const wrong = { same: 0, similar: 0 };
  for (const { a, b, grade } of [...lookAlikes(prints)].flat()) {
    const what = a < photos ? copies[b - photos]?.what : undefined;
    if (originOf(a) === originOf(b)) {
      if (what === undefined) continue;
      const counts = found.get(what) ?? { same: 0, similar: 0 };
      counts[grade]++;
      found.set(what, counts);
    } else if (a < photos && b < photos) wrong[grade]++;
  }
  const each = Math.ceil(photos / EVERY);
  const rows = Object.keys(CHANGES).map((what) => {
    const { same, similar } = found.get(what) ?? { same: 0, similar: 0 };
    return { copies: what, 'same picture': `${same} of ${each}`, similar, missed: each - same - similar };
  });
  const pairs = (photos * (photos - 1)) / 2;
  return {
    benchmark: 'duplicates',
    machine: describeMachine(),
    tables: [
      { title: 'Changed copies that are found', rows },
      {
        title: 'Pairs of photos without a change',
        rows: [{ pairs, 'same picture': wrong.same, similar: wrong.similar }],
      },
      { title: 'Comparing each with each', rows: [speed()] },
    ],
    ratios: {},
  };
}

function speed(): Record<string, number> {
  const random = randomFrom(1);
  const prints = Array.from({ length: SPEED_IMAGES }, (): Pick<Fingerprint, 'hash' | 'signature'> => ({
    hash: Uint32Array.of(random() * 2 ** 32, random() * 2 ** 32),
    signature: Uint8Array.from({ length: SIGNATURE_SIDE ** 2 }, () => random() * 256),
  }));
  const before = process.cpuUsage();
  const found = [...lookAlikes(prints)].flat().length;
  const { user } = process.cpuUsage(before);
  return { images: SPEED_IMAGES, found, 'CPU s': Number((user / 1e6).toFixed(1)) };
}
