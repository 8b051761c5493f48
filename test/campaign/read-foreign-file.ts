import type { MaskFileFormat } from '../../src-main/contract/mask-import.ts';
import { UserError } from '../../src-main/contract/errors.ts';
import { Inspection } from '../../src-main/domain/scan.ts';
import { DEFAULT_IMAGE_LIMITS } from '../../src-main/core/image/image-limits.ts';
import { inspectFile } from '../../src-main/core/image/inspect.ts';
import { ThumbnailCache } from '../../src-main/core/image/thumbnail-cache.ts';
import { readMasks } from '../../src-main/core/mask-files/mask-folder.ts';
import { importModel } from '../../src-main/core/weights/import-model.ts';
import { IMAGE_SIZE } from './image-size.ts';

/** A file that another program could have written, and who has to read it. */
export type ForeignFile =
  | { kind: 'image'; path: string; cacheFolder: string }
  | { kind: 'weights'; path: string }
  | { kind: 'masks'; path: string; format: MaskFileFormat };

/** What became of it: a result, or a reason that a person can read; `bug` is anything else. */
export type Reading = { outcome: string; bug?: string; peakMb: number };

// A process that reads file after file, as a worker does: it gets a `ForeignFile` and answers with a `Reading`.
process.on('message', (file: ForeignFile) => {
  void read(file).then((reading) =>
    process.send?.({ ...reading, peakMb: Math.round(process.resourceUsage().maxRSS / 1024) }),
  );
});

async function read(file: ForeignFile): Promise<Omit<Reading, 'peakMb'>> {
  try {
    switch (file.kind) {
      case 'image':
        return await readImage(file);
      case 'weights':
        return { outcome: `read as ${(await importModel(file.path, {})).architecture}` };
      case 'masks':
        return await readMaskFile(file);
    }
  } catch (error) {
    if (error instanceof UserError && error.code !== 'INTERNAL') return { outcome: error.code };
    return { outcome: 'bug', bug: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

async function readImage({ path, cacheFolder }: Extract<ForeignFile, { kind: 'image' }>) {
  const thumbnails = new ThumbnailCache({ folder: cacheFolder, maxBytes: 2 ** 30 });
  const options = { limits: DEFAULT_IMAGE_LIMITS, thumbnails, signal: new AbortController().signal };
  const inspection = await inspectFile(path, options);
  // A row that does not fit its schema would end the scan.
  const { facts, problem } = Inspection.parse(inspection);
  if ((facts === null) === (problem === null)) return { outcome: 'bug', bug: 'neither facts nor a problem' };
  if (problem && /unknown error/i.test(problem.detail)) return { outcome: 'bug', bug: problem.detail };
  return { outcome: problem?.code ?? 'read' };
}

async function readMaskFile({ path, format }: Extract<ForeignFile, { kind: 'masks' }>) {
  const { widthPx, heightPx } = IMAGE_SIZE;
  const gridOf = (_: string, claimed: { widthPx: number; heightPx: number } | null) =>
    !claimed || (claimed.widthPx === widthPx && claimed.heightPx === heightPx) ? IMAGE_SIZE : 'another size';
  let [masks, problems] = [0, 0];
  for await (const record of readMasks(path, { format, gridOf })) {
    if (record.kind === 'problem') problems++;
    else if (record.kind === 'masks') {
      masks += record.masks.length;
      const outside = record.masks.find(
        ({ box, areaPx }) => areaPx < 1 || box.x + box.width > widthPx || box.y + box.height > heightPx,
      );
      if (outside) return { outcome: 'bug', bug: `a mask leaves its image: ${JSON.stringify(outside.box)}` };
    }
  }
  return { outcome: problems === 0 ? 'read' : masks > 0 ? 'read in part' : 'named' };
}

process.send?.({ outcome: 'ready', peakMb: 0 });
