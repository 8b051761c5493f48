import { basename, extname } from 'node:path/posix';

/** The end of the name that Roboflow gives an image: its former extension and a hash. */
const ROBOFLOW = /^(.+)_(jpe?g|png|bmp|webp|tiff?|gif|heic|avif)\.rf\.[0-9a-z]{8,64}(\.[a-z]+)?$/i;
/** What Label Studio puts before the name of an uploaded image. */
const LABEL_STUDIO = /^[0-9a-f]{8}-(.+)$/i;
/** Folders that tools make for images, whatever the images' own folders were. */
const TOOL_FOLDERS =
  /^(images?|imgs?|jpegimages|annotations?|labels?|masks?|instances|data|datasets?|default|train\d*|val(id|idation)?\d*|test\d*|obj_(train|valid|test)_data|leftimg8bit)$/i;

/**
 * The ways to read the name of an image in a mask file, the most literal first: with forward slashes; as a URL, the path
 * in it; percent-encoded characters decoded; all of them in composed form, too.
 */
export function formsOf(imageName: string): string[] {
  const slashed = imageName.replaceAll('\\', '/');
  const forms = [slashed, ...pathsInUrl(slashed)];
  const all = [...forms, ...forms.flatMap(decoded)];
  return [...new Set([...all, ...all.map((form) => form.normalize())])].filter(
    (form) => basename(form) !== '',
  );
}

/** A path without the dots that lead to where its file is. */
export const withoutDots = (path: string) => path.replace(/^(\.{0,2}\/)+/, '');

/** The name of an image before Label Studio or Roboflow took it in; undefined if neither has. */
export function nameBeforeUpload(path: string): string | undefined {
  const file = basename(path);
  const roboflow = ROBOFLOW.exec(file);
  if (roboflow) return `${roboflow[1]}.${roboflow[2]}`;
  return LABEL_STUDIO.exec(file)?.[1];
}

/** Letters and digits of a name without its extension: upload tools replace or remove the others. */
export function looseName(path: string): string {
  return basename(path, extname(path))
    .normalize()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}]/gu, '');
}

/** Whether all folders of a relative path are such as tools make, so that they say nothing about the image. */
export function hasToolFoldersOnly(path: string): boolean {
  const folders = path.split('/').slice(0, -1);
  return !path.startsWith('/') && folders.every((folder) => TOOL_FOLDERS.test(folder));
}

/** The path in a URL, and that which Label Studio has in the query of its local files. */
function pathsInUrl(name: string): string[] {
  const local = /[?&]d=([^&]+)/.exec(name)?.[1];
  const path = /^[a-z][a-z0-9+.-]+:\/\/[^/]*([^?#]*)/i.exec(name)?.[1];
  return [local, path].filter((one) => one !== undefined).filter((one) => one !== '' && one !== '/');
}

function decoded(name: string): string[] {
  if (!name.includes('%')) return [];
  try {
    return [decodeURIComponent(name)];
  } catch {
    return [];
  }
}
