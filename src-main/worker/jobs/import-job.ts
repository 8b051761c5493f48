import { userError } from '../../contract/errors.ts';
import type { MaskImportOptions } from '../../contract/mask-import.ts';
import { openMasks } from '../../core/mask-files/mask-folder.ts';
import { MANIFEST_NAME } from '../../domain/export-plan.ts';
import type { ImportedMask, MaskChange } from '../../domain/mask-import-rows.ts';
import { compareMasks, joinedMasks } from '../imports/compare-masks.ts';
import { ImageNames, type NamesOptions } from '../imports/image-names.ts';
import { ImportReport } from '../imports/import-report.ts';
import { readImported, type ReadImage } from '../imports/read-imported.ts';
import { refuseGoneFiles } from '../imports/refuse-gone-files.ts';
import { VersionFinder, type KnownVersions } from '../imports/version-finder.ts';
import type { WorkerJobOf } from '../protocol/job.ts';
import type { JobContext } from './job-context.ts';

/** A person who edits the masks of an image meanwhile is slower than this. */
const MAX_ATTEMPTS = 10;

/**
 * Reads masks that were corrected in another tool into a segmentation. All files are read first; then the masks of each
 * image are compared and saved, one image after the other, as one step that can be undone. A preview saves only
 * the counts. An import that is killed passes over the images that it had saved when it is taken up again.
 */
export async function runImport(
  { options, rootPath }: WorkerJobOf<'import'>,
  context: JobContext,
): Promise<void> {
  const { link, signal } = context;
  const { path } = options;
  const report = new ImportReport();
  const files = await openMasks(path, { format: options.format, signal });
  const names = await listNames({ rootPath, importPath: path, format: files.format }, context);
  const images = await readImported({
    files,
    names,
    report,
    signal,
    onImage: (done) => link.report({ phase: 'reading-masks', done, total: null, unit: 'images' }),
  });
  await refuseGoneFiles(path);
  const versions = new VersionFinder(context);
  for (const [index, read] of images.entries()) {
    signal.throwIfAborted();
    if (!read.image.isDone)
      await saveImage(read, { options, context, report, versions: await versions.of(read.exports) });
    link.report({ phase: 'comparing-masks', done: index + 1, total: images.length, unit: 'images' });
  }
  await link.ask({ kind: 'import/finish', ...report.findings });
}

async function listNames(options: NamesOptions, { link, signal }: JobContext): Promise<ImageNames> {
  const names = new ImageNames(options);
  for (let afterId = 0; ;) {
    signal.throwIfAborted();
    const { images } = await link.ask({ kind: 'import/images', afterId });
    for (const image of images) names.add(image);
    const last = images.at(-1);
    if (!last) return names;
    afterId = last.imageId;
  }
}

const UNKNOWN_VERSION =
  'The dataset version of this export is not in this data folder, so no missing mask was rejected.';

type Saving = {
  options: MaskImportOptions;
  context: JobContext;
  report: ImportReport;
  versions: KnownVersions;
};

/** Compares the masks of an image until nobody changes them in between, and saves the result. */
async function saveImage(
  read: ReadImage,
  { options, context: { link }, report, versions }: Saving,
): Promise<void> {
  const { imageId, relPath } = read.image;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const { masks, isExported } = await link.ask({ kind: 'import/masks', imageId, versionIds: versions.ids });
    const { changes, kept, missing, contradicted } = compareMasks(
      masks,
      joinedMasks(read.masks, masks),
      versions.classes,
    );
    const absent = options.rejectMissing ? rejected(read, missing, { isExported, versions }) : [];
    if (options.rejectMissing && versions.isUnknown) report.note(MANIFEST_NAME, UNKNOWN_VERSION);
    const count = (kind: MaskChange['kind']) => changes.filter((change) => change.kind === kind).length;
    const counts = {
      kept,
      changed: count('change'),
      added: count('add'),
      rejected: absent.length,
      skipped: read.skipped + contradicted.length,
    };
    const { isSaved } = await link.ask({
      kind: 'import/save',
      imageId,
      changes: [...changes, ...absent],
      counts,
    });
    if (!isSaved) continue;
    for (const { mask, file } of contradicted) {
      const detail = `Another file has this object of ${relPath} in another shape, so this one was not imported.`;
      report.problem(`${file}: '${mask.className ?? ''}' of ${relPath}`, detail);
    }
    return;
  }
  throw userError('masks-kept-changing', { path: relPath });
}

/**
 * Masks to reject because the files do not hold them. An image of which the files hold no mask, or one that could not be
 * read, has none: what is missing there was perhaps not deleted. Neither was a mask that no export has had.
 */
function rejected(
  read: ReadImage,
  missing: readonly ImportedMask[],
  { isExported, versions }: { isExported: boolean; versions: KnownVersions },
): MaskChange[] {
  if (read.skipped > 0 || read.masks.length === 0 || versions.isUnknown) return [];
  const isOfExport = isExported || versions.ids.length > 0;
  return missing
    .filter(({ review, exported }) => review !== 'rejected' && (exported !== null || !isOfExport))
    .map(({ id, revision }) => ({ kind: 'reject', maskId: id, revision }));
}
