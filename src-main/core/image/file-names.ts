import type { ImageFormat } from '../../contract/image.ts';

/**
 * What a file's name promises.
 *
 * `image`: an extension of a format that is read. `foreign-image`: an extension of pictures that are not read
 * (camera raw, layered documents, ...): such files become rows that say so. `other`: clearly no picture, so
 * not a row. `unknown`: no extension, or an unknown one: the first bytes decide.
 */
export type NamePromise =
  | { kind: 'image'; format: ImageFormat }
  | { kind: 'foreign-image' }
  | { kind: 'other' }
  | { kind: 'unknown' };

const EXTENSIONS_OF: Record<ImageFormat, string[]> = {
  jpeg: ['jpg', 'jpeg', 'jpe', 'jfif', 'jif'],
  png: ['png', 'apng'],
  webp: ['webp'],
  tiff: ['tif', 'tiff', 'btf'],
  avif: ['avif', 'avifs'],
  gif: ['gif'],
  heic: ['heic', 'heif', 'hif', 'heics', 'heifs'],
  bmp: ['bmp', 'dib'],
};

const words = (list: string) => list.trim().split(/\s+/);

/** Raw files whose container is TIFF: their first bytes look like a TIFF, so only the name distinguishes them. */
export const TIFF_BASED_RAW_EXTENSIONS: ReadonlySet<string> = new Set(
  words('3fr arw cr2 dcr dng erf fff iiq k25 kdc mef mos nef nrw orf pef raw rw2 rwl sr2 srf srw'),
);

const FOREIGN_IMAGE_EXTENSIONS: ReadonlySet<string> = new Set([
  ...TIFF_BASED_RAW_EXTENSIONS,
  ...words(
    'svg svgz cr3 crw raf x3f mrw jxl jp2 j2k jpf jpx jpm jxr wdp hdp psd psb xcf kra ico cur tga pcx',
  ),
  ...words('exr hdr pnm ppm pgm pbm pam pfm dds qoi bpg flif dcm dicom fits fit ai eps emf wmf'),
  ...words('czi nd2 lif lof oib oif zvi vsi ims dm3 dm4 mrc nii nrrd mha mhd mrxs'),
]);

const OTHER_EXTENSIONS: ReadonlySet<string> = new Set([
  ...words('txt md rst log csv tsv json jsonl ndjson geojson xml xmp yaml yml toml ini cfg conf aae thm pp3'),
  ...words('html htm xhtml css js mjs cjs ts py ipynb sh bat ps1 c h cpp hpp rs go java m r sql db sqlite'),
  ...words('mp4 m4v mov avi mkv webm mpg mpeg wmv 3gp mts m2ts flv mp3 m4a wav flac ogg opus aac'),
  ...words('zip gz bz2 xz zst 7z rar tar tgz iso dmg exe dll so dylib msi deb rpm apk jar'),
  ...words('pdf doc docx xls xlsx ppt pptx odt ods odp rtf epub pages numbers key'),
  ...words('pt pth ckpt onnx h5 hdf5 npy npz mat pkl parquet arrow tfrecord safetensors bin'),
  ...words('lnk url webloc part crdownload download tmp bak swp lock md5 sha1 sha256 sig asc'),
]);

const HIDDEN_NAMES: ReadonlySet<string> = new Set([
  'thumbs.db',
  'ehthumbs.db',
  'desktop.ini',
  '@eadir',
  '__macosx',
  '$recycle.bin',
  'system volume information',
]);

const FORMAT_OF = new Map(
  // The keys of a Record<ImageFormat, ...> literal are image formats.
  (Object.keys(EXTENSIONS_OF) as ImageFormat[]).flatMap((format) =>
    EXTENSIONS_OF[format].map((extension) => [extension, format] as const),
  ),
);

/** The extension of a file name or path: lower case, without the dot; empty where there is none. */
export function extensionOf(name: string): string {
  const base = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  const dot = base.lastIndexOf('.');
  return dot <= 0 ? '' : base.slice(dot + 1).toLowerCase();
}

/** What an extension (as `extensionOf` gives it) promises about the content. */
export function promiseOf(extension: string): NamePromise {
  const format = FORMAT_OF.get(extension);
  if (format !== undefined) return { kind: 'image', format };
  if (FOREIGN_IMAGE_EXTENSIONS.has(extension)) return { kind: 'foreign-image' };
  return { kind: OTHER_EXTENSIONS.has(extension) ? 'other' : 'unknown' };
}

/** Whether files and folders of this name belong to the system or a tool, not to the user's pictures. */
export function isHiddenName(name: string): boolean {
  return name.startsWith('.') || HIDDEN_NAMES.has(name.toLowerCase());
}
