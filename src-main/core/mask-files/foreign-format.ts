import { extname } from 'node:path';
import { z } from 'zod';
import { type UserError, userError } from '../../contract/errors.ts';
import { readOptionalFile } from './read-file.ts';
import { parseJson } from './read-json.ts';
import { walkFiles } from './walk-files.ts';

/** How many files of a folder are looked into. */
const FILES_TRIED = 20;
/** Larger files are not looked into: what they are is of no use if they cannot be read. */
const MAX_BYTES = 50_000_000;

const has = (...names: string[]) =>
  z.looseObject(Object.fromEntries(names.map((name) => [name, z.unknown()])));
const region = has('filename', 'regions');
/** Tools that have exports of a known format in addition to their own, by what is in their files. */
const TOOLS: readonly [tool: string, content: z.ZodType][] = [
  ['VGG Image Annotator (VIA)', z.union([has('_via_img_metadata'), z.record(z.string(), region)])],
  ['FiftyOne', z.looseObject({ samples: z.array(has('filepath')).min(1) })],
  ['Supervisely', z.looseObject({ size: has('height', 'width'), objects: z.array(z.unknown()), tags: z.unknown() })],
  ['ISAT', z.looseObject({ info: has('name'), objects: z.array(has('segmentation')) })],
  ['QuPath (GeoJSON)', z.looseObject({ type: z.enum(['FeatureCollection', 'Feature']) })],
]; // prettier-ignore
const ARCHIVES = ['.zip', '.tar', '.gz', '.tgz', '.7z', '.rar'];

/**
 * What a file or folder is whose format is not read, if it is well known.
 * @returns what the user should know: which tool wrote it, and which way leads from it to a format that is read
 */
export async function foreignFormat(
  path: string,
  { isFolder, signal }: { isFolder: boolean; signal: AbortSignal | undefined },
): Promise<UserError | undefined> {
  if (!isFolder) return await foreignFile(path, path);
  let tried = 0;
  for await (const entry of walkFiles(path, { signal })) {
    const found = entry.problem === undefined ? await foreignFile(entry.path, path) : undefined;
    if (found) return found;
    if (++tried === FILES_TRIED) return undefined;
  }
  return undefined;
}

/** @param path that the user chose */
async function foreignFile(file: string, path: string): Promise<UserError | undefined> {
  const extension = extname(file).toLowerCase();
  if (ARCHIVES.includes(extension)) return userError('mask-archive', { path: file });
  if (extension === '.roi') return userError('mask-format-foreign', { path, tool: 'ImageJ' });
  if (!['.json', '.geojson', '.xml', '.csv'].includes(extension)) return undefined;
  const bytes = await smallFile(file);
  if (!bytes) return undefined;
  if (extension === '.xml' || extension === '.csv') {
    const isBoxes = /^[^\n]*\bxmin\b|<bndbox\b/i.test(bytes.toString('utf8'));
    return isBoxes ? userError('mask-boxes-only', { path }) : undefined;
  }
  const parsed = parseJson(bytes);
  if (typeof parsed === 'string') return undefined;
  const isEmpty = typeof parsed.json === 'object' && Object.keys(parsed.json ?? {}).length === 0;
  const tool = isEmpty ? undefined : TOOLS.find(([, content]) => content.safeParse(parsed.json).success)?.[0];
  return tool === undefined ? undefined : userError('mask-format-foreign', { path, tool });
}

async function smallFile(path: string): Promise<Buffer | undefined> {
  const bytes = await readOptionalFile(path, MAX_BYTES);
  return typeof bytes === 'string' ? undefined : bytes;
}
