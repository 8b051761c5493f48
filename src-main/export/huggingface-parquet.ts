import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import type { Split } from '../contract/dataset.ts';
import { BACKGROUND, classesBesideBackground, type ExportFormatDefinition } from './format.ts';
import { classMaskPng, datasetCard, HUGGINGFACE_SPLITS, MASK_HELP, objectsOf } from './huggingface.ts';
import { PerSplit } from './per-split.ts';
import { makeFolder } from '../domain/make-folder.ts';

/** Size of a row group in rows and bytes: the library reads one at a time, and one is in memory here. */
const GROUP_ROWS = 100;
const GROUP_BYTES = 64 * 2 ** 20;

type Row = {
  image: { bytes: Uint8Array; path: string };
  mask: { bytes: Uint8Array; path: string };
  image_id: number;
  split: string;
  width: number;
  height: number;
  objects: Omit<ReturnType<typeof objectsOf>, 'category'> & { category: bigint[] };
};

/**
 * Hugging Face Parquet: one file per split, with images and masks inside, and the features in the file's metadata, so
 * that the columns come back as pictures.
 * Source: Hugging Face Datasets documentation, "Image" feature (struct of `bytes` and `path`).
 */
export const huggingfaceParquet: ExportFormatDefinition = {
  target: 'folder',
  imagesReason: 'parquet-inside',
  imageFolder: () => 'images',
  help: () => ['Load with: datasets.load_dataset(FOLDER)', MASK_HELP],
  open: async ({ path, plan, note }) => {
    await makeFolder(join(path, 'data'));
    const classes = classesBesideBackground(plan, note);
    const classNames = [BACKGROUND, ...classes.map(({ name }) => name)];
    const names = new Set<Split>();
    const files = new PerSplit((split) => {
      names.add(split);
      return Promise.resolve(
        new SplitFile(
          join(path, 'data', `${HUGGINGFACE_SPLITS[split]}-00000-of-00001.parquet`),
          featuresOf(classNames),
        ),
      );
    });
    return {
      add: async (image) => {
        const file = await files.of(image.split);
        const copy = join(path, image.file.path);
        await file.add({
          image: { bytes: await readFile(copy), path: image.file.path.replace(/^images\//, '') },
          mask: { bytes: await classMaskPng(image, plan), path: `${image.name}.png` },
          image_id: image.number,
          split: image.split,
          width: image.widthPx,
          height: image.heightPx,
          objects: { ...objectsOf(image), category: image.masks.map((mask) => BigInt(mask.classNumber)) },
        });
        await rm(copy);
      },
      finish: async () => {
        for (const file of files.all) file.finish();
        await rm(join(path, 'images'), { recursive: true, force: true });
        const dataFiles = [...names].map((split) => {
          const name = HUGGINGFACE_SPLITS[split];
          return `  - split: ${name}\n    path: data/${name}-*.parquet`;
        });
        await writeFile(join(path, 'README.md'), datasetCard(plan, classes, dataFiles.join('\n')));
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
};

/** One Parquet file, written row group by row group. */
class SplitFile {
  readonly #writer: ParquetWriter;
  #rows: Row[] = [];
  #bytes = 0;

  constructor(path: string, features: object) {
    this.#writer = new ParquetWriter({
      writer: fileWriter(path),
      schema: SCHEMA,
      // Pictures are packed already, and statistics of bytes help nobody.
      statistics: false,
      kvMetadata: [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }],
    });
  }

  add(row: Row): Promise<void> {
    this.#rows.push(row);
    this.#bytes += row.image.bytes.length + row.mask.bytes.length;
    if (this.#rows.length >= GROUP_ROWS || this.#bytes >= GROUP_BYTES) this.#writeGroup();
    return Promise.resolve();
  }

  finish(): void {
    this.#writeGroup();
    void this.#writer.finish();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #writeGroup(): void {
    const rows = this.#rows;
    if (rows.length === 0) return;
    const column = <K extends keyof Row>(name: K) => ({ name, data: rows.map((row) => row[name]) });
    const names = ['image', 'mask', 'image_id', 'split', 'width', 'height', 'objects'] as const;
    // The file writer of the package works in step, so there is nothing to wait for.
    void this.#writer.write({ columnData: names.map(column), rowGroupSize: rows.length });
    this.#rows = [];
    this.#bytes = 0;
  }
}

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];

const field = (name: string, type: Partial<SchemaElement>): SchemaElement => ({
  name,
  repetition_type: 'OPTIONAL',
  ...type,
});
const text = (name: string) => field(name, { type: 'BYTE_ARRAY', converted_type: 'UTF8' });
/** Bytes as they are, with the path that the library would have read them from. */
const picture = (name: string) => [
  field(name, { num_children: 2 }),
  field('bytes', { type: 'BYTE_ARRAY' }),
  text('path'),
];
/** Parquet's own form of lists, three levels deep. */
const list = (name: string, ...element: SchemaElement[]) => [
  field(name, { num_children: 1, converted_type: 'LIST' }),
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 } satisfies SchemaElement,
  ...element,
];
const integer = (name: string) => field(name, { type: 'INT32' });
const real = (name: string) => field(name, { type: 'DOUBLE' });

const SCHEMA: SchemaElement[] = [
  { name: 'schema', num_children: 7 },
  ...picture('image'),
  ...picture('mask'),
  ...[integer('image_id'), text('split'), integer('width'), integer('height')],
  field('objects', { num_children: 7 }),
  ...list('id', integer('element')),
  // The library describes class labels as 64 bits wide, and ignores the description of a column that is not.
  ...list('category', field('element', { type: 'INT64' })),
  ...list('category_name', text('element')),
  ...list('bbox', ...list('element', integer('element'))),
  ...list('area', integer('element')),
  ...list('score', real('element')),
  ...list('counts', text('element')),
];

const value = (dtype: string) => ({ dtype, _type: 'Value' });
const sequence = (feature: object) => ({ feature, _type: 'Sequence' });

/** The columns as the library describes them to itself; it shows classes by name. */
const featuresOf = (classNames: readonly string[]) => ({
  image: { _type: 'Image' },
  mask: { _type: 'Image' },
  image_id: value('int32'),
  split: value('string'),
  width: value('int32'),
  height: value('int32'),
  objects: {
    id: sequence(value('int32')),
    category: sequence({ names: classNames, _type: 'ClassLabel' }),
    category_name: sequence(value('string')),
    bbox: sequence(sequence(value('int32'))),
    area: sequence(value('int32')),
    score: sequence(value('float64')),
    counts: sequence(value('string')),
  },
});
