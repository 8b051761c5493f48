import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import { UserError } from '../../../contract/errors.ts';
import type { ImageId } from '../../../contract/ids.ts';
import type { HeadTeacher, HeatStyle, Segmentation } from '../../../contract/segmentation.ts';
import { contextOf } from '../context.ts';
import { countText, fileSizeText, printable, type Output } from '../output.ts';
import { toUserError } from '../session.ts';

type HeatOptions = { out: string; image?: string; grey?: boolean; force?: boolean };
type ExportOptions = { out: string; licence?: string; force?: boolean };
type SegmentedImage = { imageId: ImageId; relPath: string };
type WrittenHeat = { files: string[]; skipped: { image: string; reason: string }[] };

const IDS_AT_ONCE = 5_000;
const TILES_AT_ONCE = 500;
/** Images between two lines of progress. */
const NOTE_EVERY = 50;
const SHOWN_SKIPPED = 5;

type FindSegmentation = (client: Client, which: string) => Promise<Segmentation>;

/**
 * What can be done with the foreground head that a segmentation has learned.
 * @param find by number or name
 */
export function addHeadCommands(group: Command, find: FindSegmentation): void {
  group
    .command('heat')
    .argument('<segmentation>', 'number or name')
    .requiredOption('--out <path>', 'PNG file to write; without --image, folder for one PNG per image')
    .option('--image <path>', "only this image: its path, or its path below the collection's folder")
    .option('--grey', 'write 0 to 255 for probabilities from 0 to 1 instead of colours')
    .option('--force', 'overwrite existing files')
    .description(
      'write the foreground probability that the head of a segmentation gives to each pixel, as PNG',
    )
    .action(async (which: string, options: HeatOptions, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const segmentation = await find(client, which);
        output.result(await writeHeat(client, segmentation, options, output), heatLines);
      });
    });

  group
    .command('export-head')
    .argument('<segmentation>', 'number or name')
    .requiredOption('--out <file>', 'ONNX file to write; a model card is written next to it')
    .option('--licence <text>', "terms under which it may be used (default: the model's)")
    .option('--force', 'overwrite existing files')
    .description('write the model with the head of a segmentation as one ONNX file, from image to foreground')
    .action(async (which: string, options: ExportOptions, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await find(client, which);
        const exported = await client.segmentations.exportHead({
          id,
          path: resolve(options.out),
          overwrite: options.force === true,
          ...(options.licence === undefined ? {} : { licence: options.licence }),
        });
        output.result(exported, ({ files }) =>
          files.map(({ path, sizeBytes }) => `${path}  (${fileSizeText(sizeBytes)})`),
        );
      });
    });
}

/**
 * Where a segmentation's head comes from: images, settings and model; none for one without a head.
 * @param teachers as `headTeachers` answers
 */
export async function headLines(
  client: Client,
  segmentation: Segmentation,
  teachers: readonly HeadTeacher[],
): Promise<string[]> {
  const { foreground, modelId, settings } = segmentation;
  if (foreground?.way !== 'head') return [];
  const all = await client.segmentations.list({});
  const { from } = foreground;
  const teacher = from === null ? segmentation : all.find(({ id }) => id === from);
  const collections = await client.collections.list();
  const collection = collections.find(({ id }) => id === teacher?.collectionId);
  const model = (await client.models.list()).find(({ id }) => id === modelId);
  const taught = teacher?.foreground?.imageCount ?? foreground.imageCount;
  const total = collection ? ` of ${collection.counts.usable}` : '';
  const spread = collection && taught < collection.counts.usable ? ', spread evenly over it' : '';
  return [
    'Foreground head',
    `  images: ${taught}${total} of the collection ${collection ? `'${printable(collection.name)}'` : 'that was removed'}${spread}`,
    ...(from === null
      ? []
      : [`  learned by: segmentation ${from}${teacher ? ` '${printable(teacher.name)}'` : ', removed'}`]),
    // The first one is named above.
    ...teachers
      .slice(1)
      .map(
        ({ segmentationId, collection, images }) =>
          `  also taught by: ${images ? `${countText(images.length, 'image')} of ` : ''}'${printable(collection)}' (segmentation ${segmentationId})`,
      ),
    model
      ? `  model: ${model.id} '${printable(model.name)}' (${model.architecture}), licence: ${model.card.licence ?? 'not stated'}`
      : '  model: removed',
    `  settings: inputPx ${(teacher ?? segmentation).settings.inputPx}, seed ${(teacher ?? segmentation).settings.seed}${teacher && teacher !== segmentation ? `; here inputPx ${settings.inputPx}` : ''}`,
    `  agreement: ${(foreground.agreement ?? 0).toFixed(2)} (average IoU with masks that it was not learned from, on ${countText(foreground.imageCount, 'image')})`,
  ];
}

async function writeHeat(
  client: Client,
  segmentation: Segmentation,
  { out, image, grey, force }: HeatOptions,
  output: Output,
): Promise<WrittenHeat> {
  const { id } = segmentation;
  const style: HeatStyle = grey === true ? 'grey' : 'colour';
  const write = async (imageId: ImageId, path: string) => {
    const request = { id, imageId, path, style, overwrite: force === true };
    return (await client.segmentations.writeHeat(request)).path;
  };
  const folder = resolve(out);
  if (image !== undefined) {
    const { imageId } = await findImage(client, segmentation, image);
    return { files: [await write(imageId, folder)], skipped: [] };
  }
  const written: WrittenHeat = { files: [], skipped: [] };
  const names = new PngNames();
  for await (const { imageId, relPath } of segmentedImages(client, segmentation)) {
    try {
      written.files.push(await write(imageId, join(folder, names.take(relPath))));
    } catch (thrown) {
      const error = toUserError(thrown);
      // A file that is gone or has changed has no picture; the others have.
      if (!(error instanceof UserError) || error.code !== 'IMAGE_UNAVAILABLE') throw thrown;
      written.skipped.push({ image: relPath, reason: error.message });
    }
    const done = written.files.length + written.skipped.length;
    if (done % NOTE_EVERY === 0) output.note(`${done}/${countText(segmentation.imageCount, 'image')}`);
  }
  return written;
}

/** An image of a segmentation by its path. @throws UserError NOT_FOUND */
export async function findImage(
  client: Client,
  segmentation: Segmentation,
  wanted: string,
): Promise<SegmentedImage> {
  const { rootPath, name } = await client.collections.get({ id: segmentation.collectionId });
  const paths = new Set([wanted.replaceAll('\\', '/'), resolve(wanted)]);
  for await (const image of segmentedImages(client, segmentation)) {
    if (paths.has(image.relPath) || paths.has(join(rootPath, image.relPath))) return image;
  }
  throw new UserError('NOT_FOUND', `'${segmentation.name}' has no image '${wanted}'.`, {
    hint: `Use the path of an image of the collection '${name}' that has been segmented, such as one below ${rootPath}.`,
  });
}

/** The finished images of a segmentation, by path. */
async function* segmentedImages(client: Client, { id }: Segmentation): AsyncGenerator<SegmentedImage> {
  for (let cursor: string | null = null; ;) {
    const page: { items: ImageId[]; nextCursor: string | null } = await client.segmentations.galleryIds({
      id,
      cursor,
      limit: IDS_AT_ONCE,
    });
    for (let start = 0; start < page.items.length; start += TILES_AT_ONCE) {
      const imageIds = page.items.slice(start, start + TILES_AT_ONCE);
      yield* await client.segmentations.galleryTiles({ id, imageIds });
    }
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}

/** Names below the output folder: those of the images, ending in .png, each only once. */
class PngNames {
  readonly #taken = new Set<string>();

  take(relPath: string): string {
    const plain = `${relPath.replace(/(?<=[^/])\.[^./]*$/, '')}.png`;
    const name = this.#taken.has(plain.toLowerCase()) ? `${relPath}.png` : plain;
    this.#taken.add(name.toLowerCase());
    return name;
  }
}

function heatLines({ files, skipped }: WrittenHeat): string[] {
  const [first] = files;
  const wrote = files.length === 1 && first ? `Wrote ${first}` : `Wrote ${countText(files.length, 'file')}`;
  if (skipped.length === 0) return [wrote];
  return [
    wrote,
    `Skipped ${countText(skipped.length, 'image')}:`,
    ...skipped.slice(0, SHOWN_SKIPPED).map(({ image, reason }) => `  ${printable(image)}: ${reason}`),
  ];
}
