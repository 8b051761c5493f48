import { isUtf8 } from 'node:buffer';
import { gunzipSync, constants as zlib } from 'node:zlib';
import type { ImageFormat } from '../../contract/image.ts';
import { TIFF_BASED_RAW_EXTENSIONS } from './file-names.ts';

/** Bytes from the start of a file that `sniff` wants to see; fewer only where the file is shorter. */
export const SNIFF_BYTES = 4096;

/**
 * What the first bytes of a file say it is.
 *
 * `image` is read. `svg` is refused on purpose. `foreign` is recognised and not read; `isPicture`
 * distinguishes a camera raw file from, say, a video. `other` is not a picture; `name` is null if nothing is
 * recognised.
 */
export type Sniffed =
  | { kind: 'image'; format: ImageFormat }
  | { kind: 'svg' }
  | { kind: 'foreign'; name: string; isPicture: boolean }
  | { kind: 'other'; name: string | null };

/**
 * Detects what a file contains from its first bytes.
 * @param head the first `SNIFF_BYTES` bytes, or the whole file where it is shorter
 * @param extension lower case, without the dot: used for nothing but camera raw files that are TIFF inside
 */
export function sniff(head: Uint8Array, extension: string): Sniffed {
  return (
    sniffTiff(head, extension) ??
    sniffIsoMedia(head) ??
    sniffSignature(head) ??
    sniffWeakSignature(head) ??
    sniffText(head)
  );
}

const image = (format: ImageFormat): Sniffed => ({ kind: 'image', format });
const picture = (name: string): Sniffed => ({ kind: 'foreign', name, isPicture: true });
const document = (name: string): Sniffed => ({ kind: 'foreign', name, isPicture: false });
const other = (name: string): Sniffed => ({ kind: 'other', name });

/** Latin-1 text of the signature, its offset, and what it means. Distinctive enough to stand alone. */
const SIGNATURES: [signature: string, offset: number, meaning: Sniffed][] = [
  ['\xff\xd8\xff', 0, image('jpeg')],
  ['\x89PNG\r\n\x1a\n', 0, image('png')],
  ['WEBP', 8, image('webp')],
  ['GIF87a', 0, image('gif')],
  ['GIF89a', 0, image('gif')],
  ['8BPS', 0, picture('a Photoshop document')],
  ['gimp xcf', 0, picture('a GIMP document')],
  ['\0\0\0\x0cjP  \r\n', 0, picture('a JPEG 2000 image')],
  ['\xff\x4f\xff\x51', 0, picture('a JPEG 2000 image')],
  ['\0\0\0\x0cJXL \r\n', 0, picture('a JPEG XL image')],
  ['II\xbc', 0, picture('a JPEG XR image')],
  ['\x76\x2f\x31\x01', 0, picture('an OpenEXR image')],
  ['#?RADIANCE', 0, picture('a Radiance HDR image')],
  ['#?RGBE', 0, picture('a Radiance HDR image')],
  ['IIRO', 0, picture('a camera raw file (Olympus ORF)')],
  ['IIRS', 0, picture('a camera raw file (Olympus ORF)')],
  ['MMOR', 0, picture('a camera raw file (Olympus ORF)')],
  ['IIU\0', 0, picture('a camera raw file (Panasonic RW2)')],
  ['FUJIFILMCCD-RAW', 0, picture('a camera raw file (Fujifilm RAF)')],
  ['HEAPCCDR', 6, picture('a camera raw file (Canon CRW)')],
  ['FOVb', 0, picture('a camera raw file (Sigma X3F)')],
  ['\0MRM', 0, picture('a camera raw file (Minolta MRW)')],
  ['DDS ', 0, picture('a DirectDraw texture')],
  ['qoif', 0, picture('a QOI image')],
  ['BPG\xfb', 0, picture('a BPG image')],
  ['FLIF', 0, picture('a FLIF image')],
  ['DICM', 128, picture('a DICOM medical image')],
  ['SIMPLE  =', 0, picture('a FITS image')],
  ['ZISRAWFILE', 0, picture('a Zeiss CZI microscope file')],
  ['\xda\xce\xbe\x0a', 0, picture('a Nikon ND2 microscope file')],
  ['n+1\0', 344, picture('a NIfTI medical image')],
  ['ni1\0', 344, picture('a NIfTI medical image')],
  ['NRRD000', 0, picture('an NRRD image')],
  ['MAP ', 208, picture('an MRC microscope file')],
  ['TRUEVISION-XFILE', 0, picture('a Targa image')],
  ['%PDF-', 0, document('a PDF document')],
  ['%!PS', 0, document('a PostScript document')],
  ['AVI ', 8, document('a video')],
  ['\x1a\x45\xdf\xa3', 0, document('a video')],
  ['OggS', 0, document('a sound or video file')],
  ['\0\0\x01\xba', 0, document('a video')],
  ['WAVE', 8, other('a sound file')],
  ['ID3', 0, other('a sound file')],
  ['PK\x03\x04', 0, other('a ZIP archive or office document')],
  ['7z\xbc\xaf\x27\x1c', 0, other('a 7-Zip archive')],
  ['Rar!\x1a\x07', 0, other('a RAR archive')],
  ['\x89HDF\r\n\x1a\n', 0, other('an HDF5 data file')],
  ['\x93NUMPY', 0, other('a NumPy array')],
  ['SQLite format 3\0', 0, other('an SQLite database')],
  ['\x7fELF', 0, other('a program')],
];

function sniffSignature(head: Uint8Array): Sniffed | undefined {
  return SIGNATURES.find(([signature, offset]) => hasText(head, signature, offset))?.[2];
}

/** Signatures of two or three bytes, believed only with a second sign. */
function sniffWeakSignature(head: Uint8Array): Sniffed | undefined {
  const start = latin1(head, 0, 16);
  if (start.startsWith('BM') && head.length >= 26) {
    const infoHeaderBytes = new DataView(head.buffer, head.byteOffset).getUint32(14, true);
    if ([12, 16, 40, 52, 56, 64, 108, 124].includes(infoHeaderBytes)) return image('bmp');
  }
  if (/^P[1-7]\s+[\d#W]/.test(start)) return picture('a Netpbm image (PNM)');
  if (/^P[Ff]\s+\d/.test(start)) return picture('a PFM image');
  // Icon directory: reserved 0, type 1 or 2, up to 64 images; the first one's reserved byte is 0.
  const [reserved, , type, , count = 0] = head;
  const isIconLike = reserved === 0 && (type === 1 || type === 2) && count > 0 && count <= 64;
  const hasZeroBytes = [1, 3, 5, 9].every((at) => head[at] === 0);
  return isIconLike && hasZeroBytes ? picture('an icon') : undefined;
}

function sniffTiff(head: Uint8Array, extension: string): Sniffed | undefined {
  const isTiff = ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].some((magic) => hasText(head, magic, 0));
  if (!isTiff) return undefined;
  if (hasText(head, 'CR\x02', 8)) return picture('a camera raw file (Canon CR2)');
  if (!TIFF_BASED_RAW_EXTENSIONS.has(extension)) return image('tiff');
  return picture(`a camera raw file (${extension.toUpperCase()})`);
}

const AVIF_BRANDS = ['avif', 'avis', 'avio'];
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'heif'];
const STRUCTURAL_BRANDS = ['mif1', 'mif2', 'msf1', 'miaf'];

/** ISO base media files (ISO/IEC 14496-12) name themselves by the brands in their first box, `ftyp`. */
function sniffIsoMedia(head: Uint8Array): Sniffed | undefined {
  if (!hasText(head, 'ftyp', 4)) return undefined;
  const boxBytes = new DataView(head.buffer, head.byteOffset).getUint32(0);
  const major = latin1(head, 8, 12);
  const brands = [major];
  for (let at = 16; at + 4 <= Math.min(boxBytes, head.length); at += 4) brands.push(latin1(head, at, at + 4));

  if (major === 'crx ') return picture('a camera raw file (Canon CR3)');
  if (AVIF_BRANDS.includes(major)) return image('avif');
  if (HEIC_BRANDS.includes(major)) return image('heic');
  // 'mif1' and friends say only that there is an image; the compatible brands say how it is coded.
  if (STRUCTURAL_BRANDS.includes(major)) {
    return image(brands.some((brand) => AVIF_BRANDS.includes(brand)) ? 'avif' : 'heic');
  }
  if (brands.some((brand) => brand === 'jxl ')) return picture('a JPEG XL image');
  return document('a video');
}

function sniffText(head: Uint8Array): Sniffed {
  const text = textOf(head);
  if (text === undefined) return isGzip(head) ? sniffGzip(head) : { kind: 'other', name: null };
  const start = text.trimStart().slice(0, 512).toLowerCase();
  if (/^(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)/s.test(start)) return other('a web page (HTML)');
  if (/<svg[\s/>]|<!doctype\s+svg/i.test(text) && start.startsWith('<')) return { kind: 'svg' };
  if (text.startsWith('version https://git-lfs.github.com/'))
    return other('the placeholder of a file in Git LFS, which git lfs pull downloads');
  return text === '' ? { kind: 'other', name: null } : other('a text file');
}

const isGzip = (head: Uint8Array) => hasText(head, '\x1f\x8b', 0);

function sniffGzip(head: Uint8Array): Sniffed {
  const inside = gunzipStart(head);
  return inside && sniffText(inside).kind === 'svg' ? { kind: 'svg' } : other('a gzip archive');
}

/** The first bytes inside a gzip file. `SNIFF_BYTES` of deflate cannot hold more than the limit set here. */
function gunzipStart(head: Uint8Array): Uint8Array | undefined {
  try {
    const options = { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: 1100 * SNIFF_BYTES };
    const inside = gunzipSync(head, options).subarray(0, SNIFF_BYTES);
    return isGzip(inside) ? undefined : inside;
  } catch {
    // Not a gzip stream after all, whatever its first two bytes say.
    return undefined;
  }
}

/** The head as text, or undefined when it holds bytes that no text has. */
function textOf(head: Uint8Array): string | undefined {
  if (hasText(head, '\xff\xfe', 0)) return new TextDecoder('utf-16le').decode(head);
  if (hasText(head, '\xfe\xff', 0)) return new TextDecoder('utf-16be').decode(head);
  // A character may be cut at the end of the head: leave the last three bytes out of the check.
  const whole = head.length < SNIFF_BYTES ? head : dropCutCharacter(head);
  if (!isUtf8(whole)) return undefined;
  const text = new TextDecoder().decode(whole);
  // eslint-disable-next-line no-control-regex -- control characters are what distinguishes data from text
  return /[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? undefined : text;
}

/** Cuts off the bytes of a UTF-8 character that the end of the head may have split. */
function dropCutCharacter(head: Uint8Array): Uint8Array {
  let end = head.length;
  while (end > 0 && head.length - end < 3 && ((head[end - 1] ?? 0) & 0xc0) === 0x80) end--;
  return head.subarray(0, Math.max(0, end - 1));
}

function hasText(head: Uint8Array, text: string, offset: number): boolean {
  return latin1(head, offset, offset + text.length) === text;
}

function latin1(head: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...head.subarray(start, end));
}
