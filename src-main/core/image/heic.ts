import createLibHeif, {
  type HeifContext,
  type HeifHandle,
  type LibHeif,
} from 'libheif-js/libheif-wasm/libheif-bundle.js';
import type { RawPixels } from './bmp.ts';
import { endsInsideBox, readHeifProperties } from './heif-boxes.ts';
import { ImageProblemError } from './image-problem.ts';

/** What a HEIC file says before its pixels are decoded; width and height are those of the upright image. */
export type HeicHeader = {
  widthPx: number;
  heightPx: number;
  hasAlpha: boolean;
  bitDepth: number;
  imageCount: number;
  icc: Uint8Array | null;
};

/** WebAssembly memory grows and never shrinks: beyond this, the next file starts with a fresh module. */
const MAX_KEPT_MEMORY_BYTES = 512 * 2 ** 20;

/** Made with the first HEIC file only: an instance takes 17 MB. */
let instance: LibHeif | undefined;

/**
 * Opens a HEIC file (HEVC in HEIF), has its header checked, and decodes its primary image.
 *
 * sharp's binaries carry no HEVC decoder, for its patents; libheif-js brings libde265 as WebAssembly. libheif
 * applies the file's own rotation, mirroring and crop, and the EXIF orientation of a HEIF file is to be ignored
 * (ISO/IEC 23008-12 §6.5.10), so the result is upright. Decoding runs on the calling thread, 0.4 s for
 * 12 megapixels.
 * @param check sees the header before a pixel is decoded, and throws to refuse the file
 * @throws ImageProblemError `corrupt`, `truncated` or `unsupported-format`
 */
export function decodeHeic(
  bytes: Uint8Array,
  check: (header: HeicHeader) => void,
): { header: HeicHeader; pixels: RawPixels } {
  // libde265 also prints what it finds wrong; a damaged file is no reason to write to the user's terminal.
  instance ??= createLibHeif({ printErr: () => undefined });
  const lib = instance;
  try {
    const decoded = decodeWith(lib, bytes, check);
    if (lib.HEAPU8.length > MAX_KEPT_MEMORY_BYTES) instance = undefined;
    return decoded;
  } catch (error) {
    // After a trap the module's memory is in no known state.
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    instance = undefined;
    throw new ImageProblemError('corrupt', 'The HEIC file is damaged: copy or export it again.', {
      cause: error,
    });
  }
}

function decodeWith(lib: LibHeif, bytes: Uint8Array, check: (header: HeicHeader) => void) {
  const context = lib.heif_context_alloc();
  try {
    const parsed = lib.heif_context_read_from_memory(context, bytes);
    if (parsed.code !== lib.heif_error_code.heif_error_Ok) throw problemOf(parsed.message, bytes);
    const handle = lib.heif_js_context_get_primary_image_handle(context);
    if ('code' in handle) throw problemOf(handle.message, bytes);
    try {
      const header = readHeader(lib, { context, handle, bytes });
      check(header);
      return { header, pixels: decodePixels(lib, { handle, header, bytes }) };
    } finally {
      lib.heif_image_handle_release(handle);
    }
  } finally {
    lib.heif_context_free(context);
  }
}

type OpenHeic = { context: HeifContext; handle: HeifHandle; bytes: Uint8Array };

function readHeader(lib: LibHeif, { context, handle, bytes }: OpenHeic): HeicHeader {
  return {
    widthPx: lib.heif_image_handle_get_width(handle),
    heightPx: lib.heif_image_handle_get_height(handle),
    hasAlpha: lib.heif_image_handle_has_alpha_channel(handle) !== 0,
    imageCount: Math.max(1, lib.heif_context_get_number_of_top_level_images(context)),
    ...readHeifProperties(bytes),
  };
}

type DecodeRequest = { handle: HeifHandle; header: HeicHeader; bytes: Uint8Array };

function decodePixels(lib: LibHeif, { handle, header, bytes }: DecodeRequest): RawPixels {
  const { heif_colorspace, heif_chroma, heif_channel } = lib;
  const channels = header.hasAlpha ? 4 : 3;
  const chroma = header.hasAlpha
    ? heif_chroma.heif_chroma_interleaved_RGBA
    : heif_chroma.heif_chroma_interleaved_RGB;
  const decoded = lib.heif_js_decode_image2(handle, heif_colorspace.heif_colorspace_RGB, chroma);
  if (decoded.code !== undefined) throw problemOf(decoded.message, bytes);
  try {
    const plane = decoded.channels.find(({ id }) => id === heif_channel.heif_channel_interleaved);
    if (plane === undefined) throw problemOf('no interleaved channel', bytes);
    const { width: widthPx, height: heightPx, stride } = plane;
    const rowBytes = widthPx * channels;
    // Copied row by row: the plane is in the module's memory, and its rows are padded.
    const data = new Uint8Array(rowBytes * heightPx);
    for (let y = 0; y < heightPx; y++) {
      data.set(plane.data.subarray(y * stride, y * stride + rowBytes), y * rowBytes);
    }
    return { data, widthPx, heightPx, channels };
  } finally {
    lib.heif_image_release(decoded.image);
  }
}

function problemOf(message: string, bytes: Uint8Array): ImageProblemError {
  const cause = new Error(message);
  if (/unsupported|not supported|no 'meta' box: no/i.test(message)) {
    return new ImageProblemError(
      'unsupported-format',
      `This HEIF file uses a variant that cannot be read (${message}): export it as JPEG or PNG.`,
      { cause },
    );
  }
  const isTruncated =
    /end of (file|data)|cannot read full|extent|exceeds/i.test(message) || endsInsideBox(bytes);
  return isTruncated
    ? new ImageProblemError(
        'truncated',
        'The HEIC file ends before the image is complete: copy or export it again.',
        { cause },
      )
    : new ImageProblemError('corrupt', `The HEIC file is damaged (${message}): copy or export it again.`, {
        cause,
      });
}
