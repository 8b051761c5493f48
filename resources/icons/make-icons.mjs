/**
 * `node resources/icons/make-icons.mjs`: the icons of all platforms from icon.svg. ICO and ICNS are plain containers
 * of PNG files.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const folder = fileURLToPath(new URL('.', import.meta.url));
const svg = readFileSync(`${folder}icon.svg`);

export const LINUX_SIZES = [16, 32, 48, 64, 128, 256, 512];
const ICO_SIZES = [16, 24, 32, 48, 64, 128, 256];
/** Types of ICNS entries by size (Apple Icon Image format). */
const ICNS_TYPES = { ic11: 32, ic12: 64, ic07: 128, ic13: 256, ic08: 256, ic14: 512, ic09: 512, ic10: 1024 };

const png = (size) =>
  sharp(svg, { density: 72 * Math.max(1, size / 512) })
    .resize(size, size)
    .png({ compressionLevel: 9 })
    .toBuffer();

mkdirSync(`${folder}linux`, { recursive: true });
for (const size of LINUX_SIZES) writeFileSync(`${folder}linux/${size}x${size}.png`, await png(size));
writeFileSync(
  `${folder}icon.ico`,
  ico(await Promise.all(ICO_SIZES.map(async (size) => ({ size, bytes: await png(size) })))),
);
writeFileSync(
  `${folder}icon.icns`,
  icns(
    await Promise.all(
      Object.entries(ICNS_TYPES).map(async ([type, size]) => ({ type, bytes: await png(size) })),
    ),
  ),
);

/** Header, one directory entry of 16 bytes an image, then the images. */
function ico(images) {
  const directory = Buffer.alloc(6 + 16 * images.length);
  directory.writeUInt16LE(1, 2);
  directory.writeUInt16LE(images.length, 4);
  let offset = directory.length;
  images.forEach(({ size, bytes }, index) => {
    const at = 6 + 16 * index;
    // 256 is written as 0.
    directory.writeUInt8(size % 256, at);
    directory.writeUInt8(size % 256, at + 1);
    directory.writeUInt16LE(1, at + 4);
    directory.writeUInt16LE(32, at + 6);
    directory.writeUInt32LE(bytes.length, at + 8);
    directory.writeUInt32LE(offset, at + 12);
    offset += bytes.length;
  });
  return Buffer.concat([directory, ...images.map(({ bytes }) => bytes)]);
}

/** `icns`, the length of the file, then type, length and bytes of each image. */
function icns(images) {
  const entries = images.map(({ type, bytes }) => Buffer.concat([tagged(type, bytes.length + 8), bytes]));
  const body = Buffer.concat(entries);
  return Buffer.concat([tagged('icns', body.length + 8), body]);
}

function tagged(type, length) {
  const header = Buffer.alloc(8);
  header.write(type, 0, 'ascii');
  header.writeUInt32BE(length, 4);
  return header;
}
