import type { ImageFormat } from '../../contract/image.ts';
import { endsInsideBox } from './heif-boxes.ts';
import { asImageProblem, ImageProblemError } from './image-problem.ts';
import { readTiffTags } from './tiff-tags.ts';
import { unreadJpeg } from './unread-jpeg.ts';
import { unreadTiff } from './unread-tiff.ts';

/** How the libraries behind sharp say that the data came to an end too early. */
const TRUNCATED_MESSAGES = /premature end|unexpected end|end of (file|data)|bad seek|got \d+ bytes/i;

/**
 * The problem behind an error of sharp: an image that was cut short, or one that is damaged otherwise.
 *
 * Messages differ between libraries and versions, so the structure of the file decides where it shows the cause.
 * @returns an `ImageProblemError`, or the error itself where it did not come from decoding
 */
export function problemOfDecoder(
  error: unknown,
  { format, source }: { format: ImageFormat; source: Buffer | string },
): unknown {
  const translated = asImageProblem(error);
  if (!(error instanceof Error) || translated !== error) return translated;
  const name = format.toUpperCase();
  if (/timeout/i.test(error.message)) {
    const detail = `Decoding this ${name} file took too long and was stopped: export it again as PNG or JPEG.`;
    return new ImageProblemError('unreadable', detail, { cause: error });
  }
  const unread = typeof source === 'string' ? undefined : unreadVariant(format, source);
  if (unread !== undefined) return new ImageProblemError('unsupported-format', unread, { cause: error });
  const isTruncated =
    TRUNCATED_MESSAGES.test(error.message) || (typeof source !== 'string' && endsEarly(format, source));
  if (isTruncated) {
    const detail = `The ${name} file ends before the image is complete: copy or download it again.`;
    return new ImageProblemError('truncated', detail, { cause: error });
  }
  if (
    /unsupported|not supported|not compiled|not configured|no decod/i.test(error.message) &&
    format !== 'tiff'
  ) {
    const detail = `This ${name} file uses a variant that cannot be read: export it as PNG or JPEG.`;
    return new ImageProblemError('unsupported-format', detail, { cause: error });
  }
  const detail = `The ${name} file is damaged${reasonOf(error.message)}: copy or export it again.`;
  return new ImageProblemError('corrupt', detail, { cause: error });
}

/** What makes a whole file unreadable, as far as its structure shows it. */
function unreadVariant(format: ImageFormat, bytes: Buffer): string | undefined {
  const tags = format === 'tiff' ? readTiffTags(bytes) : undefined;
  if (tags) return unreadTiff(tags);
  return format === 'jpeg' ? unreadJpeg(bytes) : undefined;
}

/** The first line of what a library said, in parentheses; sharp's words for nothing at all say nothing to a person. */
function reasonOf(message: string): string {
  const line = (message.split('\n')[0] ?? '').replace(/^Input (buffer|file) /, '').replace(/[:\s]+$/, '');
  return line === '' || line === 'Unknown error' ? '' : ` (${line})`;
}

/** Whether the container announces more bytes than there are. */
function endsEarly(format: ImageFormat, bytes: Buffer): boolean {
  switch (format) {
    case 'png':
      return !bytes.includes('IEND', Math.max(0, bytes.length - 65_536), 'latin1');
    case 'webp':
      return bytes.length < 12 || bytes.readUInt32LE(4) + 8 > bytes.length;
    case 'tiff':
      return lacksFirstDirectory(bytes);
    case 'avif':
    case 'heic':
      return endsInsideBox(bytes);
    case 'jpeg':
      return !bytes.includes('\xff\xd9', 2, 'latin1');
    case 'gif':
      return bytes.at(-1) !== 0x3b;
    case 'bmp':
      return false;
  }
}

/** A TIFF file names the place of its first directory (TIFF 6.0 §2), which most programs write last. */
function lacksFirstDirectory(bytes: Buffer): boolean {
  if (bytes.length < 16) return true;
  const isLittleEndian = bytes[0] === 0x49;
  const isBigTiff = bytes[isLittleEndian ? 2 : 3] === 43;
  const at = isBigTiff
    ? Number(isLittleEndian ? bytes.readBigUInt64LE(8) : bytes.readBigUInt64BE(8))
    : isLittleEndian
      ? bytes.readUInt32LE(4)
      : bytes.readUInt32BE(4);
  return at + 2 > bytes.length;
}
