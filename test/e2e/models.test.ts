import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ServiceEvent } from '../../src-main/contract/event.ts';
import { ExportedModel, Model } from '../../src-main/contract/model.ts';
import { readEncoderFile } from '../../src-main/core/weights/encoder-file.ts';
import { torchTensors } from '../../src-main/core/weights/encoder-tensors.ts';
import { writeSafetensors } from '../../src-main/core/weights/safetensors.ts';
import { goldenPath } from '../support/golden.ts';
import { runCli } from '../support/cli.ts';
import { startService } from '../support/running-service.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { goldenEncoder, TINY_SPEC } from '../support/tiny-checkpoint.ts';

/** A file as another program writes it. */
async function foreignFile(): Promise<string> {
  const path = join(tempFolder(), 'theirs.safetensors');
  await writeSafetensors(path, torchTensors(goldenEncoder(TINY_SPEC, 5), 42), { format: 'pt' });
  return path;
}

describe('models', () => {
  test('are imported, exported, renamed and removed with their files', async () => {
    const { service, client, bugs } = startService();
    const folder = service.layout.models;
    const events: ServiceEvent[] = [];
    service.events.subscribe('event', (event) => void events.push(event));

    const model = await client.models.import({ path: await foreignFile(), licence: 'MIT' });
    expect(model).toMatchObject({
      name: 'theirs',
      origin: 'imported',
      architecture: 'resnet-basic-1x1x1x1-w4',
      runId: null,
      card: {
        licence: 'MIT',
        batchesTracked: 42,
        viewPx: null,
        imported: { fileName: 'theirs.safetensors', fileFormat: 'safetensors', layout: 'torchvision' },
      },
    });
    expect(readdirSync(folder)).toEqual([model.file]);

    const path = join(tempFolder(), 'ours.safetensors');
    const { files } = await client.models.export({ id: model.id, format: 'safetensors', path });
    expect(files.map((file) => file.path)).toEqual([path, `${path}.card.md`, `${path}.card.json`]);
    expect((await readEncoderFile(path)).encoder).toEqual(goldenEncoder(TINY_SPEC, 5));
    const again = await client.models.import({ path, name: 'again' });
    expect(again.card.batchesTracked).toBe(42);
    expect((await client.models.list()).map(({ name }) => name)).toEqual(['again', 'theirs']);

    expect((await client.models.rename({ id: model.id, name: 'renamed' })).name).toBe('renamed');
    await client.models.remove({ id: model.id });
    expect(readdirSync(folder)).toEqual([again.file]);
    await expect(client.models.get({ id: model.id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(events.map(({ type }) => type)).toEqual(['model', 'model', 'model', 'model-removed']);
    expect(bugs).toEqual([]);
  });

  test('are not exported over a file that exists, unless asked to', async () => {
    const { client } = startService();
    const { id } = await client.models.import({ path: await foreignFile() });
    const path = join(tempFolder(), 'ours.safetensors');
    writeFileSync(`${path}.card.md`, 'mine');
    const request = { id, format: 'safetensors', path } as const;
    await expect(client.models.export(request)).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      message: `${path}.card.md already exists.`,
    });
    await client.models.export({ ...request, overwrite: true, licence: 'CC0' });
    expect(readFileSync(`${path}.card.md`, 'utf8')).toContain('- Licence: CC0');
  });

  test('whose file was changed or is gone are not used', async () => {
    const { service, client } = startService();
    const { id, file } = await client.models.import({ path: await foreignFile() });
    const stored = join(service.layout.models, String(file));
    const path = join(tempFolder(), 'out');
    const bytes = readFileSync(stored);
    bytes[bytes.length - 1] = Number(bytes.at(-1)) ^ 1;
    writeFileSync(stored, bytes);
    const unavailable = { code: 'MODEL_UNAVAILABLE' };
    await expect(client.models.export({ id, format: 'safetensors', path })).rejects.toMatchObject(
      unavailable,
    );
    rmSync(stored);
    await expect(client.models.export({ id, format: 'safetensors', path })).rejects.toMatchObject(
      unavailable,
    );
    await client.models.remove({ id });
  });

  test('may be ONNX files with feature maps, which say what they take and give', async () => {
    const { service, client } = startService();
    const path = goldenPath('vit', 'dinov2-reg4-p14', 'last_hidden_state.onnx');
    const model = await client.models.import({ path, mean: [0.5, 0.5, 0.5] });
    expect(model).toMatchObject({
      architecture: 'onnx',
      card: {
        encoder: {
          kind: 'onnx',
          mean: [0.5, 0.5, 0.5],
          fixedPx: { widthPx: 98, heightPx: 98 },
          features: [{ name: 'last_hidden_state', channels: 32, stride: 14 }],
        },
        imported: { fileName: 'last_hidden_state.onnx', fileFormat: 'onnx' },
      },
    });
    const out = join(tempFolder(), 'out.safetensors');
    await expect(
      client.models.export({ id: model.id, format: 'safetensors', path: out }),
    ).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await client.models.remove({ id: model.id });
    expect(readdirSync(service.layout.models)).toEqual([]);
  });

  test('that cannot be imported leave nothing behind', async () => {
    const { service, client, bugs } = startService();
    const path = join(tempFolder(), 'bad.safetensors');
    writeFileSync(path, 'these are no weights');
    await expect(client.models.import({ path })).rejects.toMatchObject({ code: 'WEIGHTS_UNSUPPORTED' });
    await expect(client.models.import({ path: `${path}.none` })).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
    expect(await client.models.list()).toEqual([]);
    expect(readdirSync(service.layout.models)).toEqual([]);
    expect(bugs).toEqual([]);
  });
});

describe('r2o models', () => {
  test('goes from an import to an export and a removal', async () => {
    const data = tempFolder();
    const imported = await runCli(data, 'models', 'import', await foreignFile(), '--name', 'net', '--json');
    expect(imported.stderr).toBe('');
    const { id } = Model.parse(JSON.parse(imported.stdout));
    const out = join(tempFolder(), 'sub', 'net.safetensors');
    const exported = await runCli(data, 'models', 'export', 'net', '--out', out, '--json');
    expect(ExportedModel.parse(JSON.parse(exported.stdout)).files).toHaveLength(3);
    expect((await runCli(data, 'models', 'remove', 'net')).stderr).toContain('Add --yes');
    expect((await runCli(data, 'models', 'remove', String(id), '--yes')).code).toBe(0);
    expect((await runCli(data, 'models')).stdout).toContain('No models yet');
  });

  test('adds an untrained baseline, whose weights follow from its seed', async () => {
    const data = tempFolder();
    const added = await runCli(data, 'models', 'untrained', 'resnet18', '--seed', '3', '--json');
    expect(Model.parse(JSON.parse(added.stdout))).toMatchObject({ origin: 'untrained', file: null });
    const paths = ['a', 'b'].map((name) => join(tempFolder(), name));
    for (const path of paths) await runCli(data, 'models', 'export', '1', '--out', path);
    const [a, b] = paths.map((path) => readFileSync(path));
    expect(a?.length).toBeGreaterThan(44e6);
    expect(a?.equals(b ?? Buffer.alloc(0))).toBe(true);
    const unknown = await runCli(data, 'models', 'untrained', 'vit');
    expect(unknown).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('resnet18, resnet18-half, resnet50') as string,
    });
  });
});
