import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Client } from '../../src-main/contract/contract.ts';
import type { RunId } from '../../src-main/contract/ids.ts';
import { TINY_RUN, tinyCollection } from '../support/pretraining.ts';
import { startService, waitForState } from '../support/running-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Debian's chromium ships SwiftShader, a Vulkan driver that computes on the CPU. */
const DRIVER = process.env.R2O_VULKAN_DRIVER ?? '/usr/lib/chromium/vk_swiftshader_icd.json';
const hasDriver = existsSync(DRIVER);

/** The driver for workers that are forked from now on, in a folder of its own, from which it can vanish. */
function installDriver(): string {
  const folder = tempFolder();
  const manifest = join(folder, 'driver.json');
  // It names its library beside itself.
  const { ICD, ...rest } = JSON.parse(readFileSync(DRIVER, 'utf8')) as { ICD: { library_path: string } };
  const library = join(folder, 'driver.so');
  copyFileSync(resolve(dirname(DRIVER), ICD.library_path), library);
  writeFileSync(manifest, JSON.stringify({ ...rest, ICD: { ...ICD, library_path: library } }));
  const environment = {
    VK_DRIVER_FILES: manifest,
    VK_ICD_FILENAMES: manifest,
    XDG_RUNTIME_DIR: tempFolder(),
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  return folder;
}

/** Three steps. */
const SHORT_RUN = { ...TINY_RUN, epochs: 1, previews: 0 };

async function midway(client: Client, id: RunId): Promise<void> {
  for (;;) {
    const [loss] = await client.runs.curves({ id, names: ['loss'] });
    if ((loss?.points.length ?? 0) > 0) return;
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

describe('a run whose device is gone', { timeout: 600_000 }, () => {
  test.skipIf(!hasDriver)(
    `ends with its checkpoint and goes on elsewhere only when asked${hasDriver ? '' : ` (no Vulkan driver at ${DRIVER})`}`,
    async () => {
      const undisturbed = startService();
      const { id: sameId } = await tinyCollection(undisturbed.client);
      const first = await undisturbed.client.runs.start({
        collectionId: sameId,
        device: 'onnx:cpu',
        overrides: SHORT_RUN,
      });
      await waitForState(undisturbed.client, first.job.id, 'done');
      const [expected] = await undisturbed.client.models.list();

      const driver = installDriver();
      const { client, service } = startService();
      const { id: collectionId } = await tinyCollection(client);
      const { run, job } = await client.runs.start({
        collectionId,
        device: 'onnx:cpu',
        overrides: SHORT_RUN,
      });
      await midway(client, run.id);
      await client.jobs.pause({ id: job.id });
      await waitForState(client, job.id, 'paused');
      const { checkpointStep } = await client.runs.get({ id: run.id });
      expect(checkpointStep).toBeGreaterThan(0);

      await client.runs.resume({ id: run.id, device: 'onnx:webgpu' });
      await waitForState(client, job.id, 'running');
      rmSync(driver, { recursive: true });
      process.kill(service.queue.workerPid ?? Number.NaN, 'SIGKILL');
      await waitForState(client, job.id, 'interrupted');

      await client.runs.resume({ id: run.id });
      await expect(waitForState(client, job.id, 'done')).rejects.toThrow(/onnx:webgpu failed/);
      const { error } = await client.jobs.get({ id: job.id });
      expect(error).toMatchObject({ code: 'DEVICE_FAILED' });
      expect(error?.hint).toContain(`The checkpoint of step ${checkpointStep} is kept`);
      expect(error?.hint).toContain(`r2o runs resume ${run.id} --device onnx:cpu`);
      expect(await client.runs.get({ id: run.id })).toMatchObject({ device: 'onnx:webgpu', checkpointStep });

      await client.runs.resume({ id: run.id, device: 'onnx:cpu' });
      await waitForState(client, job.id, 'done');
      const [model] = await client.models.list();
      expect(model?.sha256).toBe(expected?.sha256);
      expect(model?.card.training?.device).toBe('onnx:cpu');
    },
  );

  test('is not moved to a device that is not there', async () => {
    const { client } = startService();
    const { id: collectionId } = await tinyCollection(client);
    const { run, job } = await client.runs.start({ collectionId, device: 'onnx:cpu', overrides: SHORT_RUN });
    await midway(client, run.id);
    await client.jobs.pause({ id: job.id });
    await waitForState(client, job.id, 'paused');
    const elsewhere = process.platform === 'darwin' ? 'onnx:dml' : 'onnx:coreml';
    await expect(client.runs.resume({ id: run.id, device: elsewhere })).rejects.toMatchObject({
      code: 'DEVICE_UNAVAILABLE',
    });
    expect(await client.runs.get({ id: run.id })).toMatchObject({ device: 'onnx:cpu', state: 'paused' });
  });
});
