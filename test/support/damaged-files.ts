import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { uniform } from './random-data.ts';
import { photoLike, sharpOf } from './test-images.ts';

/** Files of all formats that libvips decodes: every eighth is whole, the others are damaged in one of three ways. */
export async function damagedFiles(folder: string, count: number): Promise<string[]> {
  const image = () => sharpOf(photoLike(32, 24));
  const originals = await Promise.all([
    image().jpeg().toBuffer(),
    image().png().toBuffer(),
    image().webp().toBuffer(),
    image().tiff({ compression: 'lzw' }).toBuffer(),
    image().gif().toBuffer(),
    image().avif({ effort: 0 }).toBuffer(),
  ]);
  let drawn = 0;
  const random = () => uniform(11, drawn++);
  mkdirSync(folder, { recursive: true });
  return Array.from({ length: count }, (_, index) => {
    const bytes = Buffer.from(originals[index % originals.length] ?? []);
    const at = 12 + Math.floor(random() * (bytes.length - 12));
    const damaged = [
      () => bytes.subarray(0, at),
      () => bytes.fill(0, at, Math.min(at + 40, bytes.length)),
      () => bytes.fill(Math.floor(random() * 256), at, Math.min(at + 3, bytes.length)),
    ];
    const content = index % 8 === 7 ? bytes : damaged[Math.floor(index / 6) % 3]?.();
    const path = join(folder, `${index}`);
    writeFileSync(path, content ?? bytes);
    return path;
  });
}
