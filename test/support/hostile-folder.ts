import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ProblemCode } from '../../src-main/contract/image.ts';
import {
  animation,
  bmpWithSize,
  heicFixture,
  heicWithRotation,
  heicWithSize,
  orientedJpeg,
  photoLike,
  pngBomb,
  pngWithWidth,
  quadrants,
  sharpOf,
  sixteenBitPng,
  tiffOf,
} from './test-images.ts';

/** What a scan of the folder has to find. */
export type HostileFolder = {
  /** Images that can be used, duplicates included. */
  good: number;
  /** Path below the folder (forward slashes) of everything that cannot be used, with the reason. */
  problems: Map<string, ProblemCode>;
  /** Paths of usable images that must carry a note. */
  noted: string[];
  /** Files that must not become rows. */
  ignored: string[];
  /** What this system could not be asked for, and why. */
  skipped: string[];
};

/** Fills an empty folder with every kind of file that a scan has to survive, next to good images. */
export async function makeHostileFolder(dir: string): Promise<HostileFolder> {
  const folder: HostileFolder = { good: 0, problems: new Map(), noted: [], ignored: [], skipped: [] };
  mkdirSync(dir, { recursive: true });
  const maker = new Maker(dir, folder);
  await addFormats(maker);
  await addNames(maker);
  await addDamaged(maker);
  await addImpostors(maker);
  addLinks(maker);
  addForbidden(maker);
  await addSpecialFiles(maker);
  addIgnored(maker);
  return folder;
}

class Maker {
  readonly dir: string;
  readonly folder: HostileFolder;

  constructor(dir: string, folder: HostileFolder) {
    this.dir = dir;
    this.folder = folder;
  }

  path(relPath: string): string {
    const path = join(this.dir, relPath);
    mkdirSync(join(path, '..'), { recursive: true });
    return path;
  }

  good(relPath: string, bytes: Uint8Array): void {
    writeFileSync(this.path(relPath), bytes);
    this.folder.good++;
  }

  noted(relPath: string, bytes: Uint8Array): void {
    this.good(relPath, bytes);
    this.folder.noted.push(relPath);
  }

  bad(relPath: string, code: ProblemCode, bytes: Uint8Array | string): void {
    writeFileSync(this.path(relPath), bytes);
    this.folder.problems.set(relPath, code);
  }

  ignored(relPath: string, bytes: Uint8Array | string): void {
    writeFileSync(this.path(relPath), bytes);
    this.folder.ignored.push(relPath);
  }

  /** Tries what not every system can do; the reason is kept when it cannot. */
  attempt(what: string, make: () => void): void {
    try {
      make();
    } catch (error) {
      this.folder.skipped.push(`${what}: ${String(error)}`);
    }
  }
}

const small = () => quadrants(48, 32);

async function addFormats(maker: Maker): Promise<void> {
  const photo = photoLike(200, 150);
  maker.good('formats/plain.jpg', await sharpOf(photo).jpeg().toBuffer());
  maker.good('formats/progressive.JPEG', await sharpOf(photo).jpeg({ progressive: true }).toBuffer());
  maker.good('formats/cmyk.jpg', await sharpOf(photo).toColourspace('cmyk').jpeg().toBuffer());
  maker.good('formats/grey.jpg', await sharpOf(photo).greyscale().jpeg().toBuffer());
  maker.good('formats/plain.png', await sharpOf(photo).png().toBuffer());
  maker.good('formats/alpha.png', await sharpOf(photo).ensureAlpha(0.5).png().toBuffer());
  maker.good('formats/sixteen.png', await sixteenBitPng(photo));
  maker.good('formats/plain.webp', await sharpOf(photo).webp().toBuffer());
  maker.good('formats/plain.tif', await sharpOf(photo).tiff({ compression: 'lzw' }).toBuffer());
  maker.good('formats/sixteen.tif', tiffOf(photo, { sample: 'uint16' }));
  maker.good('formats/big-endian.tiff', tiffOf(photo, { sample: 'uint16', isBigEndian: true }));
  maker.good('formats/cmyk.tif', await sharpOf(photo).toColourspace('cmyk').tiff().toBuffer());
  maker.good('formats/plain.avif', await sharpOf(photo).avif({ effort: 0 }).toBuffer());
  maker.good('formats/still.gif', await sharpOf(photo).gif().toBuffer());
  maker.noted('formats/animated.gif', await animation('gif'));
  maker.noted('formats/animated.webp', await animation('webp'));
  maker.good('formats/phone.heic', heicWithRotation(heicFixture('quadrants-exif6'), 3));
  maker.good('formats/ten-bit.heic', heicFixture('quadrants-10bit'));
  maker.good('formats/plain.bmp', await bmpOf());
  for (let orientation = 1; orientation <= 8; orientation++) {
    maker.good(`orientation/${orientation}.jpg`, await orientedJpeg(small(), orientation));
  }
  maker.noted('formats/float.tif', tiffOf(small(), { sample: 'float32' }));
}

async function bmpOf(): Promise<Uint8Array> {
  const { encode } = await import('fast-bmp');
  const { data, widthPx: width, heightPx: height } = small();
  return encode({ data, width, height, channels: 3, components: 3, bitsPerPixel: 24 });
}

async function addNames(maker: Maker): Promise<void> {
  const jpeg = await sharpOf(small()).jpeg().toBuffer();
  const names = ['with space.jpg', 'quote\'s "double".jpg', 'new\nline.jpg', '📷 emoji 👩‍👩‍👧.jpg'];
  const scripts = [
    'صورة.jpg',
    '图片.jpg',
    'चित्र.jpg',
    'caf\u00e9.jpg',
    'cafe\u0301.jpg',
    '%2e%2e.jpg',
    '-rf.jpg',
  ];
  const lengths = [`${'x'.repeat(251)}.jpg`, `deep/${'nested/'.repeat(60)}leaf.jpg`];
  for (const name of [...names, ...scripts, ...lengths]) maker.good(`names/${name}`, jpeg);
  maker.good('names/no-extension', jpeg);
  maker.good('photo.jpg/inside-a-folder-called-photo.jpg', jpeg);
  maker.noted('names/unknown.extension', jpeg);
  maker.attempt('a name of invalid UTF-8', () => {
    const name = Buffer.concat([Buffer.from(join(maker.dir, 'names/bad-')), Buffer.from([0xff, 0xfe]), Buffer.from('.jpg')]); // prettier-ignore
    writeFileSync(name, jpeg);
    maker.folder.good++;
  });
}

async function addDamaged(maker: Maker): Promise<void> {
  const photo = photoLike(320, 240, 7);
  const half = (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length / 2));
  maker.bad('damaged/empty.jpg', 'empty-file', '');
  maker.bad('damaged/truncated.jpg', 'truncated', half(await sharpOf(photo).jpeg().toBuffer()));
  maker.bad('damaged/truncated.png', 'truncated', half(await sharpOf(photo).png().toBuffer()));
  maker.bad('damaged/truncated.webp', 'truncated', half(await sharpOf(photo).webp().toBuffer()));
  maker.bad('damaged/truncated.tif', 'truncated', half(tiffOf(photo, { sample: 'uint8' })));
  maker.bad('damaged/truncated.gif', 'truncated', half(await sharpOf(photo).gif().toBuffer()));
  maker.bad('damaged/truncated.avif', 'truncated', half(await sharpOf(photo).avif({ effort: 0 }).toBuffer()));
  maker.bad('damaged/truncated.heic', 'truncated', half(heicFixture('quadrants')));
  const heic = heicFixture('quadrants');
  maker.bad('damaged/no-size.heic', 'corrupt', heicWithSize(heic, null));
  maker.bad('damaged/no-width.heic', 'corrupt', heicWithSize(heic, { widthPx: 0, heightPx: 48 }));
  maker.bad('damaged/huge.heic', 'corrupt', heicWithSize(heic, { widthPx: 2 ** 31, heightPx: 2 ** 31 }));
  maker.bad('damaged/no-height.bmp', 'corrupt', bmpWithSize(await bmpOf(), { widthPx: 48, heightPx: 0 }));
  maker.bad('damaged/negative.bmp', 'corrupt', bmpWithSize(await bmpOf(), { widthPx: -48, heightPx: 32 }));
  maker.bad('damaged/no-width.png', 'corrupt', pngWithWidth(await sharpOf(photo).png().toBuffer(), 0));
  maker.bad('damaged/truncated.bmp', 'truncated', half(Buffer.from(await bmpOf())));
  const png = await sharpOf(photo).png().toBuffer();
  maker.bad('damaged/corrupt.png', 'corrupt', png.fill(0x5a, 200, 400));
  maker.bad('damaged/bomb.png', 'too-many-pixels', pngBomb());
}

async function addImpostors(maker: Maker): Promise<void> {
  const png = await sharpOf(small()).png().toBuffer();
  const jpeg = await sharpOf(small()).jpeg().toBuffer();
  const svg =
    '<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
  maker.noted('impostors/png-inside.jpg', png);
  maker.noted('impostors/jpeg-inside.png', jpeg);
  maker.good('impostors/duplicate-1.jpg', jpeg);
  maker.good('impostors/duplicate-2.jpg', jpeg);
  maker.bad('impostors/drawing.svg', 'svg-refused', svg);
  maker.bad('impostors/drawing.svgz', 'svg-refused', gzipSync(svg));
  maker.bad('impostors/svg-inside.png', 'svg-refused', svg);
  maker.bad('impostors/text.jpg', 'not-an-image', 'This is a shopping list.\n');
  maker.bad('impostors/page.jpg', 'not-an-image', '<!DOCTYPE html><html><body>404 Not Found</body></html>');
  maker.bad('impostors/random.png', 'not-an-image', Buffer.from(photoLike(20, 20).data));
  maker.bad('impostors/archive.jpg', 'not-an-image', 'PK\x03\x04\x14\0\0\0');
  maker.bad('impostors/document.png', 'unsupported-format', '%PDF-1.7\n%\xe2\xe3');
  maker.bad('impostors/layers.psd', 'unsupported-format', '8BPS\0\x01');
  maker.bad('impostors/slide.czi', 'unsupported-format', 'ZISRAWFILE\0\0\0');
  maker.bad('impostors/scan.dcm', 'unsupported-format', `${'\0'.repeat(128)}DICM`);
  maker.bad('impostors/stack.lif', 'unsupported-format', 'p\0\0\0\xc8\0\0\0');
  maker.bad('impostors/raw.nef', 'unsupported-format', tiffOf(small(), { sample: 'uint8' }));
}

function addLinks(maker: Maker): void {
  const link = (relPath: string, target: string, code: ProblemCode | 'good') => {
    maker.attempt(`the link ${relPath}`, () => {
      symlinkSync(target, maker.path(relPath));
      if (code === 'good') maker.folder.good++;
      else maker.folder.problems.set(relPath, code);
    });
  };
  link('links/to-a-file.jpg', '../formats/plain.jpg', 'good');
  link('links/broken.jpg', 'nowhere.jpg', 'broken-link');
  link('links/to-itself.jpg', 'to-itself.jpg', 'link-loop');
  link('links/to-the-root', '..', 'link-loop');
  link('links/to-a-sibling', '../formats', 'link-loop');
}

/** Files and folders that may not be read. The super-user may read everything. */
function addForbidden(maker: Maker): void {
  const isRoot = process.getuid?.() === 0;
  if (isRoot || process.platform === 'win32') {
    maker.folder.skipped.push('permissions: this user is not held back by them');
    return;
  }
  maker.bad('forbidden/file.jpg', 'permission-denied', 'x');
  chmodSync(maker.path('forbidden/file.jpg'), 0);
  maker.ignored('forbidden/folder/unseen.jpg', 'x');
  chmodSync(maker.path('forbidden/folder'), 0);
  maker.folder.problems.set('forbidden/folder', 'folder-unreadable');
}

async function addSpecialFiles(maker: Maker): Promise<void> {
  maker.attempt('a named pipe', () => {
    execFileSync('mkfifo', [maker.path('special/pipe.png')], { stdio: 'pipe' });
    maker.folder.problems.set('special/pipe.png', 'not-an-image');
  });
  const socket = createServer();
  await new Promise<void>((resolve) => {
    socket.once('error', (error) => {
      maker.folder.skipped.push(`a socket: ${error.message}`);
      resolve();
    });
    socket.listen(maker.path('special/s.jpg'), () => {
      maker.folder.problems.set('special/s.jpg', 'not-an-image');
      resolve();
    });
  });
  // It stays in the folder for as long as the test runs, and holds nobody up.
  socket.unref();
}

function addIgnored(maker: Maker): void {
  const names = [
    'notes.txt',
    'film.mp4',
    'plain.xmp',
    'labels.json',
    '.hidden.jpg',
    'Thumbs.db',
    'data.unknown',
  ];
  for (const name of names) maker.ignored(`ignored/${name}`, 'not for us');
  maker.ignored('ignored/@eaDir/thumb.jpg', 'x');
  maker.ignored('ignored/.cache/thumb.jpg', 'x');
  maker.ignored('ignored/__MACOSX/._plain.jpg', 'x');
}
