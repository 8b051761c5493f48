import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExportPlan } from '../domain/export-plan.ts';
import { decodeCrop } from '../core/mask/crop.ts';
import { rowRuns } from '../core/mask/row-runs.ts';
import { fileNameOf, paintOrder, type ExportedMask, type ExportFormatDefinition } from './format.ts';
import { escapeXml, TextFile } from './text-file.ts';

/**
 * CVAT for images 1.1: one XML file with a mask element an object, whose run lengths go row by row inside the tight
 * box and start with background.
 *
 * CVAT finds frames by the paths that they were uploaded with, so all images are in one folder. If a path is not found, it
 * takes `id` for the number of the frame, which counts names in the order of their characters: so do we. There is no
 * `subset`: Datumaro leaves out images whose subset is not the file's.
 * Source: CVAT documentation, XML annotation format, "mask"; cvat/apps/dataset_manager/bindings.py.
 */
export const cvat: ExportFormatDefinition = {
  target: 'folder',
  imageFolder: () => 'images',
  help: () => [
    'Create a task with the labels of annotations.xml and all files of the folder images, then "Upload annotations", "CVAT 1.1".',
    'Frames are matched by file name, so upload the images under the names they have here. images.csv contains their splits.',
  ],
  open: async ({ path, plan }) => {
    const elements = await SortedElements.create(join(path, '.elements'));
    return {
      add: async (image) => {
        const name = fileNameOf(image);
        const attributes = attributesOf({ name, width: image.widthPx, height: image.heightPx });
        const masks = paintOrder(image.masks).map(maskElement).join('');
        await elements.add(name, ` ${attributes}>\n${masks}  </image>\n`);
      },
      finish: async () => {
        await using file = await TextFile.create(join(path, 'annotations.xml'));
        await file.write(headOf(plan));
        let id = 0;
        for await (const element of elements.read()) await file.write(`  <image id="${id++}"${element}`);
        await file.write('</annotations>\n');
        await file.flush();
      },
      [Symbol.asyncDispose]: () => elements[Symbol.asyncDispose](),
    };
  },
};

/** Texts that are put in order by their names: they wait in a file, since a dataset's do not fit in memory. */
class SortedElements {
  readonly #path: string;
  readonly #file: TextFile;
  readonly #places: { name: Buffer; start: number; length: number }[] = [];
  #end = 0;

  private constructor(path: string, file: TextFile) {
    this.#path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<SortedElements> {
    return new SortedElements(path, await TextFile.create(path));
  }

  async add(name: string, text: string): Promise<void> {
    const length = Buffer.byteLength(text);
    this.#places.push({ name: Buffer.from(name), start: this.#end, length });
    this.#end += length;
    await this.#file.write(text);
  }

  /** The order of UTF-8 is that of characters, and so of Python. */
  async *read(): AsyncGenerator<string> {
    await this.#file.flush();
    await using handle = await open(this.#path);
    for (const { start, length } of this.#places.toSorted((a, b) => Buffer.compare(a.name, b.name))) {
      const { buffer } = await handle.read(Buffer.alloc(length), 0, length, start);
      yield buffer.toString('utf8');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
    await rm(this.#path, { force: true });
  }
}

/** The order of painting becomes the height in CVAT's stack. */
function maskElement({ className: label, shape, box }: ExportedMask, z_order: number): string {
  const { x: left, y: top, width, height } = box;
  const rle = rowRuns(decodeCrop(shape, box)).join(', ');
  const attributes = attributesOf({
    label,
    source: 'auto',
    occluded: 0,
    rle,
    left,
    top,
    width,
    height,
    z_order,
  });
  return `    <mask ${attributes}>\n    </mask>\n`;
}

function attributesOf(attributes: Record<string, string | number>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}="${escapeXml(String(value))}"`)
    .join(' ');
}

function headOf({ datasetName, versionNumber, classes, counts }: ExportPlan): string {
  const labels = classes
    .map(({ name, colour }) => {
      const fields = `<name>${escapeXml(name)}</name><color>${colour}</color><type>any</type>`;
      return `        <label>${fields}<attributes></attributes></label>\n`;
    })
    .join('');
  return `<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <task>
      <name>${escapeXml(`${datasetName} ${versionNumber}`)}</name>
      <size>${counts.images}</size>
      <mode>annotation</mode>
      <labels>
${labels}      </labels>
    </task>
  </meta>
`;
}
