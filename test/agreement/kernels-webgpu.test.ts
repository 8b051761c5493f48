import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { expectAgreement } from '../support/agreement.ts';
import { hasVulkan, VULKAN_DRIVER, vulkanReason } from '../support/vulkan.ts';
import { kernelCases } from './kernel-cases.ts';

/**
 * One case of each family of lowerings: a GPU that is computed on the CPU takes a second for each. All of them run
 * on the CPU as they are lowered for WebGPU, see kernels.test.ts.
 */
const REPRESENTATIVES = [
  'Add, broadcast',
  'Sub from zero',
  'Relu',
  'Select',
  'Sum, kept axes',
  'ArgMin takes the first of equal values',
  'OneHot',
  'GatherV2',
  'Transpose',
  'Concat, last axis',
  'PadV2',
  'BatchMatMul, batched',
  'MaxPool gives the gradient to the first of equal values',
  'Conv2D 1x1, stride 2',
  'BatchNorm, images',
  'BatchNorm, before and after Relu',
];

/** The driver is chosen when the first session opens; this file has a process of its own. */
const runtimeDir = mkdtempSync(join(tmpdir(), 'r2o-xdg-'));
Object.assign(process.env, {
  VK_DRIVER_FILES: VULKAN_DRIVER,
  VK_ICD_FILENAMES: VULKAN_DRIVER,
  XDG_RUNTIME_DIR: runtimeDir,
});
afterAll(() => rmSync(runtimeDir, { recursive: true }));

describe.skipIf(!hasVulkan)(`on WebGPU, a kernel agrees with eager TensorFlow.js${vulkanReason}`, () => {
  for (const wanted of REPRESENTATIVES) {
    it(wanted, async () => {
      const found = kernelCases.find(([name]) => name === wanted);
      if (!found) throw new Error(`there is no case '${wanted}'`);
      const [, shapes, fn, options] = found;
      await expectAgreement(shapes, fn, { ...options, device: 'onnx:webgpu' });
    });
  }
});
