import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, win32 } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract, type Client } from '../../../src-main/contract/contract.ts';
import { UserError } from '../../../src-main/contract/errors.ts';
import { ExportOptions } from '../../../src-main/contract/export.ts';
import { FilePath } from '../../../src-main/contract/file-path.ts';
import {
  CollectionId,
  DatasetVersionId,
  ImageId,
  ModelId,
  RunId,
  SegmentationId,
} from '../../../src-main/contract/ids.ts';
import { createProgram } from '../../../src-main/host/cli/program.ts';
import { isInside, outputFile } from '../../../src-main/jobs/output-files.ts';
import { startService } from '../../support/running-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';

type Writer = (client: Client, path: string, overwrite: boolean) => Promise<unknown>;

const id = SegmentationId.parse(1);
/** Every method that writes a file where a person wants it. */
const WRITERS: Record<string, Writer> = {
  'segmentations.writeSheet': (client, path, overwrite) =>
    client.segmentations.writeSheet({ id, path, overwrite }),
  'segmentations.writeHeat': (client, path, overwrite) =>
    client.segmentations.writeHeat({ id, imageId: ImageId.parse(1), path, overwrite }),
  'segmentations.exportHead': (client, path, overwrite) =>
    client.segmentations.exportHead({ id, path, overwrite }),
  'maps.write': (client, path, overwrite) => client.maps.write({ id, of: 'objects', path, overwrite }),
  'runs.writePreviews': (client, path, overwrite) =>
    client.runs.writePreviews({ id: RunId.parse(1), path, overwrite }),
  'models.export': (client, path, overwrite) =>
    client.models.export({ id: ModelId.parse(1), format: 'onnx', path, overwrite }),
  'shards.writeRecipe': (client, path, overwrite) =>
    client.shards.writeRecipe({ id, path, count: 2, overwrite }),
  'system.checkOutput': (client, path, overwrite) => client.system.checkOutput({ path, overwrite }),
};
/** It never overwrites anything, so that it needs no answer to that. */
const EXPORT: Writer = (client, outPath) =>
  client.exports.start({
    versionId: DatasetVersionId.parse(1),
    options: { ...ExportOptions.parse({ format: 'coco', outPath: 'out' }), outPath },
  });
/** Those that write a picture. */
const PICTURES: Record<string, Writer> = {
  ...Object.fromEntries(Object.entries(WRITERS).filter(([name]) => /Sheet|Heat|Previews/.test(name))),
  'system.checkOutput of a sheet': (client, path, overwrite) =>
    client.system.checkOutput({ path, overwrite, isSheet: true }),
};
const codeOf = (error: unknown) => (error instanceof UserError ? error.code : error);
const PLAN: Writer = (client, planTo) => client.runs.start({ collectionId: CollectionId.parse(1), planTo });
const RESUME: Writer = (client, planTo) => client.runs.resume({ id: RunId.parse(1), planTo });
const ALL: Record<string, Writer> = {
  ...WRITERS,
  'exports.start': EXPORT,
  'runs.start': PLAN,
  'runs.resume': RESUME,
};
/** Methods that take the path of what they read. */
const READERS = [
  'collections.add',
  'collections.move',
  'models.import',
  'models.inspect',
  'segmentations.evaluate',
  'maskImports.start',
  'shards.open',
  'shards.merge',
  'runs.take',
];
/** It writes only in the data folder of a shard: test/e2e/shards.test.ts. */
const OF_SHARDS = ['shards.write'];
const WRITING_OPTIONS = [
  'segment --sheet',
  'segment --plan',
  'segment --out',
  'segment --work',
  'pretrain --plan-to',
  'runs resume --plan-to',
  'segmentations sheet --out',
  'map --out',
  'segmentations heat --out',
  'segmentations export-head --out',
  'runs previews --out',
  'models export --out',
  'export --out',
];
const READING_OPTIONS = [
  'segment --recipe',
  'similar --image',
  'evaluate --truth',
  'demo --images',
  'segmentations heat --image',
];

/** A collection, and a folder for what is written. */
async function started() {
  const dataFolder = join(tempFolder(), 'data');
  const photos = join(tempFolder(), 'Fotos-é');
  mkdirSync(photos);
  writeFileSync(join(photos, 'photo.jpg'), 'a photo');
  const { client, service } = startService({ dataFolder });
  await client.collections.add({ path: photos });
  return { client, service, dataFolder, photos, out: tempFolder() };
}

describe('every writer', () => {
  test('is known: methods of the contract that take a path', () => {
    const found = Object.entries(contract).flatMap(([group, methods]) =>
      Object.entries(methods).flatMap(([name, method]) =>
        takesPath(inputOf(method)) ? [`${group}.${name}`] : [],
      ),
    );
    expect(found.toSorted()).toEqual([...Object.keys(ALL), ...READERS, ...OF_SHARDS].toSorted());
  });

  test('is known: options of the command line that take a path', () => {
    const found = commandsOf(createProgram('0.0.0')).flatMap(({ name, command }) =>
      command.options
        .filter(({ flags }) => /<(file|path|folder)>/.test(flags))
        .map(({ long }) => `${name} ${long ?? ''}`),
    );
    expect(found.toSorted()).toEqual([...WRITING_OPTIONS, ...READING_OPTIONS].toSorted());
  });

  test.each(Object.entries(ALL))(
    'never writes into a collection or the data folder: %s',
    async (_, write) => {
      const { client, dataFolder, photos, out } = await started();
      symlinkSync(photos, join(out, 'folder-link'));
      symlinkSync(join(photos, 'new.png'), join(out, 'dangling.png'));
      symlinkSync('dangling.png', join(out, 'link-to-link.png'));
      for (const path of [
        join(photos, 'photo.jpg'),
        join(photos, 'deep/new/file.png'),
        join(dataFolder, 'studio.sqlite'),
        join(dataFolder, 'models/new.onnx'),
        join(out, 'folder-link/new.png'),
        join(out, 'dangling.png'),
        join(out, 'link-to-link.png'),
      ]) {
        await expect(write(client, path, true), path).rejects.toMatchObject({ code: 'FOLDER_OVERLAPS' });
      }
      expect(readFileSync(join(photos, 'photo.jpg'), 'utf8')).toBe('a photo');
      expect(existsSync(join(photos, 'new.png'))).toBe(false);
      await expect(write(client, 'a\0b', true)).rejects.toMatchObject({ code: 'BAD_INPUT' });
    },
  );

  test.each(Object.entries(PICTURES))(
    'writes a picture under no name of another format: %s',
    async (_, write) => {
      const { client, out } = await started();
      for (const name of ['sheet.jpg', 'sheet.png.WEBP', 'sheet.pdf']) {
        const path = join(out, name);
        await expect(write(client, path, false)).rejects.toMatchObject({
          code: 'BAD_INPUT',
          message: expect.stringContaining(path) as string,
        });
        expect(existsSync(path)).toBe(false);
      }
      // What it refuses here is that there is nothing to draw.
      for (const name of ['sheet', 'sheet.PNG']) {
        const written = write(client, join(out, name), false).then(() => null, codeOf);
        expect(await written).not.toBe('BAD_INPUT');
      }
    },
  );

  test.each(Object.entries(WRITERS))('replaces a file only if it is told to: %s', async (_, write) => {
    const { client, out } = await started();
    const path = join(out, 'there.png');
    writeFileSync(path, 'mine');
    await expect(write(client, path, false)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await expect(write(client, out, true)).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });
});

describe('every writer', () => {
  test.each(Object.entries(WRITERS))('says why a file cannot be written there: %s', async (_, write) => {
    const { client, out } = await started();
    symlinkSync('loop.png', join(out, 'loop.png'));
    writeFileSync(join(out, 'file'), 'mine');
    for (const [name, code] of [
      ['loop.png', 'FILE_UNUSABLE'],
      ['loop.png/x.png', 'FILE_UNUSABLE'],
      [`${'n'.repeat(300)}.png`, 'FILE_UNUSABLE'],
      [join(...Array<string>(30).fill('d'.repeat(200)), 'x.png'), 'FILE_UNUSABLE'],
      ['file/x.png', 'NOT_A_FOLDER'],
      ['file/deep/x.png', 'NOT_A_FOLDER'],
    ] as const)
      await expect(write(client, join(out, name), true), name).rejects.toMatchObject({ code });
    expect(readdirSync(out).toSorted()).toEqual(['file', 'loop.png']);
  });

  test.skipIf(process.platform !== 'linux').each(Object.entries({ ...WRITERS, 'runs.start': PLAN }))(
    'says that a file system takes no folders, whatever their rights: %s',
    async (_, write) => {
      const { client } = await started();
      for (const path of ['/proc/none', '/proc/none/deep/x.png'])
        await expect(write(client, path, true), path).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
    },
  );

  test('leaves nothing behind where it has tried to write', async () => {
    const { client, out } = await started();
    await expect(
      client.system.checkOutput({ path: join(out, 'new/deep/x.png'), overwrite: false }),
    ).resolves.toBeDefined();
    expect(readdirSync(out)).toEqual([]);
  });
});

describe('the guard', () => {
  const guarded = (rootPath: string, folder = tempFolder()) => ({
    store: { collections: { list: () => [{ name: 'pets', rootPath } as never] } },
    layout: { folder },
  });
  const overwrite = true;

  test('knows a collection by the folder itself, whatever it is called', () => {
    const photos = join(tempFolder(), 'photos');
    mkdirSync(join(photos, 'sub'), { recursive: true });
    const alias = join(tempFolder(), 'alias');
    symlinkSync(photos, alias);
    // The collection is known by another name than the one that the path leads to.
    const write = () => outputFile(guarded(alias), join(photos, 'sub/new.png'), { overwrite });
    expect(write).toThrow(`${join(photos, 'sub/new.png')} is inside the collection 'pets'`);
  });

  test('lets a file beside a collection pass whose name begins like it', () => {
    const photos = join(tempFolder(), 'photos');
    mkdirSync(photos);
    for (const path of [`${photos}-out/x.png`, `${photos}.png`, join(dirname(photos), '..x.png')]) {
      expect(outputFile(guarded(photos), path, { overwrite })).toBe(path);
    }
  });

  test('gives the target of a link, which is what will be written', () => {
    const out = tempFolder();
    symlinkSync('target.png', join(out, 'link.png'));
    expect(outputFile(guarded(tempFolder()), join(out, 'link.png'), { overwrite })).toBe(
      join(out, 'target.png'),
    );
    expect(readlinkSync(join(out, 'link.png'))).toBe('target.png');
  });

  test('allows a second name of an original: what is written takes the name, not the file', () => {
    const [photos, out] = [tempFolder(), tempFolder()];
    writeFileSync(join(photos, 'photo.jpg'), 'a photo');
    linkSync(join(photos, 'photo.jpg'), join(out, 'same.jpg'));
    expect(outputFile(guarded(photos), join(out, 'same.jpg'), { overwrite })).toBe(join(out, 'same.jpg'));
  });

  test('knows data folders that the app has elsewhere', () => {
    const other = tempFolder();
    for (const name of ['studio.sqlite', 'lock.sqlite']) writeFileSync(join(other, name), 'rows');
    for (const name of ['studio.sqlite', 'models/new.onnx']) {
      const write = () => outputFile(guarded(tempFolder()), join(other, name), { overwrite });
      expect(write).toThrow(`${join(other, name)} is inside the app's own data folder`);
    }
  });

  test('ends at links that lead in a circle', () => {
    const out = tempFolder();
    symlinkSync('b.png', join(out, 'a.png'));
    symlinkSync('a.png', join(out, 'b.png'));
    expect(() => outputFile(guarded(tempFolder()), join(out, 'a.png'), { overwrite })).not.toThrow('stack');
  });

  test.skipIf(process.platform === 'win32')('replaces no device', () => {
    expect(() => outputFile(guarded(tempFolder()), '/dev/null', { overwrite })).toThrow('is not a file');
  });
});

/** The schema of what a method takes. */
function inputOf(method: unknown): unknown {
  return z.object({ '~orpc': z.object({ inputSchema: z.unknown().optional() }) }).parse(method)['~orpc']
    .inputSchema;
}

/** Whether an input has a path in it. */
function takesPath(schema: unknown): boolean {
  if (schema === FilePath) return true;
  if (schema instanceof z.ZodObject) return Object.values(schema.shape).some(takesPath);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return takesPath(schema.def.innerType);
  return false;
}

/** Every command with its full name, and the program itself without one. */
function commandsOf(command: Command, prefix = ''): { name: string; command: Command }[] {
  return command.commands.flatMap((child) => {
    const name = `${prefix}${child.name()}`;
    return [{ name, command: child }, ...commandsOf(child, `${name} `)];
  });
}

describe('on Windows, by its own rules for paths', () => {
  test.each([
    ['C:\\photos\\out', 'C:\\photos', true],
    ['C:\\photos', 'C:\\photos\\', true],
    // Names that differ in case only are the same folder.
    ['c:\\Photos\\out', 'C:\\photos', true],
    ['C:/photos/out', 'C:\\photos', true],
    ['C:\\photos\\..hidden', 'C:\\photos', true],
    ['C:\\photos\\..\\out', 'C:\\photos', false],
    ['C:\\photos-2', 'C:\\photos', false],
    ['D:\\photos\\out', 'C:\\photos', false],
    ['\\\\server\\share\\photos\\out', '\\\\server\\share\\photos', true],
    ['\\\\server\\other\\photos', '\\\\server\\share', false],
    ['\\\\?\\C:\\photos\\out', '\\\\?\\C:\\photos', true],
  ])('%s is inside %s: %s', (inner, outer, expected) => {
    expect(isInside(inner, outer, win32)).toBe(expected);
  });
});
