import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Model } from '../../src-main/contract/model.ts';
import { PretrainPlan } from '../../src-main/contract/pretrain.ts';
import { MetricCurve, Run } from '../../src-main/contract/run.ts';
import { launcher, resultOf, runCli, spawnCli, waitForOutput } from '../support/cli.ts';
import { takeKnownDevices } from '../support/known-devices.ts';
import { TINY_RUN } from '../support/pretraining.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { photoLike, sharpOf } from '../support/test-images.ts';

const parse = <T extends z.ZodType>(schema: T, text: string): z.infer<T> => schema.parse(JSON.parse(text));

/** The tiny run as a person would type it. */
const TINY = [
  ...['--device', 'onnx:cpu', '--set'],
  ...Object.entries(TINY_RUN).map(([key, value]) => `${key}=${JSON.stringify(value)}`),
];

async function dataWithPhotos(parent = tempFolder()): Promise<string> {
  const folder = join(parent, 'photos');
  mkdirSync(folder);
  for (let index = 0; index < 8; index++) {
    await sharpOf(photoLike(96, 64, index + 1))
      .jpeg()
      .toFile(join(folder, `${index}.jpg`));
  }
  const data = join(parent, 'data');
  takeKnownDevices(data);
  execFileSync(process.execPath, [launcher, '--data', data, 'collections', 'add', folder], {
    stdio: 'ignore',
  });
  return data;
}

describe('r2o pretrain', () => {
  /** For tests that train nothing and change nothing. */
  let untouched = '';
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'r2o-pretrain-'));
    untouched = await dataWithPhotos(folder);
    return () => rmSync(folder, { recursive: true });
  });

  test('trains, and shows, draws and lists what came of it', async () => {
    const data = await dataWithPhotos();
    const trained = await runCli(data, 'pretrain', 'photos', '--name', 'first try', ...TINY);
    expect(trained.stderr).toContain(
      '8 images, resnet18-half at 64 px, 4 epochs of 4 per step (8 steps) on onnx:cpu',
    );
    expect(trained.stdout).toContain(`Run 1 'first try': done, step 8 of 8`);
    expect(trained.code).toBe(0);

    const shown = await runCli(data, 'runs', 'show', 'first try', '--json');
    const run = parse(Run.extend({ curves: z.array(MetricCurve) }), shown.stdout);
    expect(run.curves.map(({ name }) => name)).toContain('stability');
    const out = join(tempFolder(), 'strip.png');
    expect((await runCli(data, 'runs', 'previews', '1', '--out', out)).code).toBe(0);
    expect(existsSync(out)).toBe(true);
    const models = parse(z.array(Model), (await runCli(data, 'models', 'list', '--json')).stdout);
    expect(models).toMatchObject([{ name: 'first try', origin: 'run', runId: 1 }]);
    expect((await runCli(data, 'runs', 'remove', '1', '--yes')).code).toBe(0);
    expect((await runCli(data, 'runs', 'list')).stdout).toContain('No pretraining runs yet');
  });

  test('learns from masks, with the network of the model that it starts from', async () => {
    const data = await dataWithPhotos();
    await runCli(data, 'models', 'untrained', 'resnet18-half', '--name', 'start');
    const preset = ['--preset', 'masks', '--from', 'start'];
    const small = ['--set', 'viewPx=64', 'batchSize=4', 'epochs=1', '--device', 'onnx:cpu'];
    const trained = await runCli(data, 'pretrain', 'photos', ...preset, ...small, '--name', 'adapted');
    expect(trained.stdout).toContain(`Run 1 'adapted': done, step 2 of 2`);
    const shown = await runCli(data, 'models', 'show', 'adapted');
    expect(shown.stdout).toContain(`2 steps on 8 images of 'photos', preset masks`);
    expect(shown.stdout).toContain(`started from 'start'`);

    await runCli(data, 'models', 'untrained', 'resnet18', '--name', 'larger');
    const plan = ['pretrain', 'photos', '--plan', '--json', '--preset', 'masks', '--from', 'larger'];
    expect(parse(PretrainPlan, (await runCli(data, ...plan)).stdout).config.encoder).toBe('resnet18');
    const other = await runCli(data, ...plan, '--set', 'encoder=resnet50');
    expect(parse(PretrainPlan, other.stdout).config.encoder).toBe('resnet50');
  });

  test('plans without training', async () => {
    const args = ['pretrain', 'photos', '--plan', '--preset', 'balanced', '--epochs', '3'];
    const { stdout } = await runCli(untouched, ...args, '--json');
    const plan = parse(PretrainPlan, stdout);
    expect(plan).toMatchObject({
      imageCount: 8,
      preset: 'balanced',
      config: { epochs: 3 },
      device: 'onnx:cpu',
    });
    expect(plan.estimatedMs).toBeGreaterThan(0);
    expect(plan.warnings).toContainEqual(
      expect.objectContaining({ message: expect.stringMatching(/8 images are very few/) as string }),
    );
    expect((await runCli(untouched, 'runs', 'list', '--json')).stdout.trim()).toBe('[]');
  });

  test.each([
    [['--set', 'foo=1'], /'foo' is not valid: no such setting exists/],
    [['--set', 'viewPx=100'], /'viewPx' is not valid/],
    [['--set', 'viewPx'], /'viewPx' is not a setting/],
    [['--preset', 'best'], /no preset 'best'/],
    [['--device', 'onnx:tpu'], /onnx:tpu cannot be used/],
    [['--from', 'nothing'], /no model 'nothing'/],
    [['--set', 'batchSize=9'], /batch of 9 needs at least as many images/],
  ])('refuses %j with the reason', async (args, message) => {
    const { code, stderr } = await runCli(untouched, 'pretrain', 'photos', ...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });

  test('stopped by Ctrl-C, keeps what it has learned and says how to go on', async () => {
    const data = await dataWithPhotos();
    for (const command of [
      ['pretrain', 'photos', ...TINY, 'epochs=500'],
      ['runs', 'resume', '1'],
    ]) {
      const training = spawnCli(data, command);
      const ended = resultOf(training);
      await waitForOutput(training.stderr, /pretraining/);
      training.kill('SIGINT');
      const { code, stderr } = await ended;
      expect(code).toBe(130);
      expect(stderr).toMatch(/Stopped after step \d+ of 1000\. What it learned is model \d+ /);
      expect(stderr).toContain('r2o runs resume 1');
    }
  });
});
