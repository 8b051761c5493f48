import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Client } from '../../src-main/contract/contract.ts';
import type { RunId } from '../../src-main/contract/ids.ts';
import type { PretrainOverrides } from '../../src-main/contract/pretrain.ts';
import { verdictKey } from '../../src-main/core/compile/devices/onnx-probe.ts';
import { deviceVerdictsFile } from '../../src-main/domain/data-layout.ts';
import { verdictsIn } from '../../src-main/worker/calls/device-verdicts.ts';
import { haltingFork } from '../support/halting.ts';
import { TINY_RUN, TINY_STEPS, tinyCollection } from '../support/pretraining.ts';
import {
  forkBuiltWorker,
  startService,
  waitForState,
  type RunningService,
} from '../support/running-service.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { hasVulkan, VULKAN_DRIVER, vulkanReason } from '../support/vulkan.ts';

/** As after a comparison, which takes this driver minutes. */
async function trust(driver: string, { service }: RunningService): Promise<void> {
  const adapter = { name: 'SwiftShader Device (Subzero)', driver: join(driver, 'driver.so') };
  const machine = { platform: 'linux', arch: 'x64', cpuName: '', threads: 1, memoryBytes: 0 };
  const key = await verdictKey({ provider: 'webgpu', block: 0 }, { machine, adapter });
  const { cache } = service.layout;
  verdictsIn(deviceVerdictsFile(cache)).write(key, { wrong: null, placement: null });
}

/** The driver for workers that are forked from now on, in a folder of its own, from which it can vanish. */
function installDriver(): string {
  const folder = tempFolder();
  const manifest = join(folder, 'driver.json');
  const { ICD, ...rest } = JSON.parse(readFileSync(VULKAN_DRIVER, 'utf8')) as {
    ICD: { library_path: string };
  };
  const library = join(folder, 'driver.so');
  copyFileSync(resolve(dirname(VULKAN_DRIVER), ICD.library_path), library);
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

/** One K, so one compilation. */
const SHORT_RUN: PretrainOverrides = {
  ...TINY_RUN,
  epochs: 2,
  previews: 0,
  kSchedule: { type: 'constant', epochs: [0], values: [3] },
};
const ON_CPU = { device: 'onnx:cpu', overrides: SHORT_RUN };

async function undisturbed() {
  const running = startService();
  const { client } = running;
  const { id: collectionId } = await tinyCollection(running);
  const { run, job } = await client.runs.start({ collectionId, ...ON_CPU });
  await waitForState(client, job.id, 'done');
  return outcomeOf(client, run.id);
}

async function outcomeOf(client: Client, id: RunId) {
  const [model] = await client.models.list();
  const [loss] = await client.runs.curves({ id, names: ['loss'] });
  return { sha256: model?.sha256, device: model?.card.training?.device, loss: loss?.points };
}

/** A run on the CPU that was paused between two steps, which halts after its first checkpoint. */
async function pausedRun(running: RunningService, halted: () => Promise<void>) {
  const { client } = running;
  const { id: collectionId } = await tinyCollection(running);
  // Saves after every step.
  const overrides = { ...SHORT_RUN, checkpointMinutes: 1e-6 };
  const { run, job } = await client.runs.start({ collectionId, ...ON_CPU, overrides });
  await halted();
  await client.jobs.pause({ id: job.id });
  await waitForState(client, job.id, 'paused');
  const { checkpointStep } = await client.runs.get({ id: run.id });
  expect(checkpointStep).toBeGreaterThan(0);
  expect(checkpointStep).toBeLessThan(2 * TINY_STEPS);
  return { run, job, checkpointStep };
}

describe('a run whose device is gone', () => {
  test.skipIf(!hasVulkan)(
    `fails with its checkpoint and goes on elsewhere only when asked${vulkanReason}`,
    async () => {
      const expected = await undisturbed();
      const driver = installDriver();
      const { fork, halted } = haltingFork(forkBuiltWorker, { kind: 'pretrain/checkpoint', after: 0 });
      const running = startService({ fork });
      const { client, bugs } = running;
      await trust(driver, running);
      const { run, job, checkpointStep } = await pausedRun(running, halted);

      // The devices are probed while the GPU is there, and so the run may move to it.
      await client.system.devices();
      rmSync(driver, { recursive: true });
      await client.runs.resume({ id: run.id, device: 'onnx:webgpu' });
      // The second resume does not say where to: it tries the same device again, and no other.
      for (const resume of [undefined, () => client.runs.resume({ id: run.id })]) {
        await resume?.();
        await expect(waitForState(client, job.id, 'done')).rejects.toThrow(/onnx:webgpu failed/);
        const { error } = await client.jobs.get({ id: job.id });
        expect(error).toMatchObject({ code: 'DEVICE_FAILED' });
        expect(error?.hint).toContain(`The checkpoint of step ${checkpointStep} is kept`);
        expect(error?.action).toEqual({ kind: 'resume-run', runId: run.id, device: 'onnx:cpu' });
        const state = { device: 'onnx:webgpu', checkpointStep, step: checkpointStep };
        expect(await client.runs.get({ id: run.id })).toMatchObject(state);
      }
      expect(bugs).toEqual([]);

      await client.runs.resume({ id: run.id, device: 'onnx:cpu' });
      await waitForState(client, job.id, 'done');
      expect(await outcomeOf(client, run.id)).toEqual(expected);
    },
  );

  test.skipIf(!hasVulkan)(`from the beginning says that nothing was saved${vulkanReason}`, async () => {
    const driver = installDriver();
    const running = startService();
    const { client } = running;
    await trust(driver, running);
    const { id: collectionId } = await tinyCollection(running);
    await client.runs.plan({ collectionId, device: 'onnx:webgpu' });
    rmSync(driver, { recursive: true });
    const { job } = await client.runs.start({ collectionId, ...ON_CPU, device: 'onnx:webgpu' });
    await expect(waitForState(client, job.id, 'done')).rejects.toThrow(/onnx:webgpu failed/);
    const { error } = await client.jobs.get({ id: job.id });
    expect(error).toMatchObject({ code: 'DEVICE_FAILED' });
    expect(error?.hint).toMatch(/^Nothing was saved yet\./);
  });

  test('is not moved to a device that is not there', async () => {
    const running = startService();
    const { client } = running;
    const { id: collectionId } = await tinyCollection(running);
    const { run, job } = await client.runs.start({ collectionId, ...ON_CPU });
    await client.jobs.pause({ id: job.id });
    await waitForState(client, job.id, 'paused');
    const elsewhere = process.platform === 'darwin' ? 'onnx:dml' : 'onnx:coreml';
    await expect(client.runs.resume({ id: run.id, device: elsewhere })).rejects.toMatchObject({
      code: 'DEVICE_UNAVAILABLE',
    });
    expect(await client.runs.get({ id: run.id })).toMatchObject({ device: 'onnx:cpu', state: 'paused' });
  });
});
