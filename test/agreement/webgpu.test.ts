import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runBundled } from '../support/run-bundled.ts';
import { hasVulkan, VULKAN_DRIVER, vulkanReason } from '../support/vulkan.ts';

it.skipIf(!hasVulkan)(
  `a whole training step on WebGPU agrees with eager TensorFlow.js${vulkanReason}`,
  async () => {
    const runtimeDir = mkdtempSync(join(tmpdir(), 'r2o-xdg-'));
    try {
      const { status, stdout, stderr } = await runBundled('test/agreement/webgpu-child.ts', {
        env: { VK_DRIVER_FILES: VULKAN_DRIVER, VK_ICD_FILENAMES: VULKAN_DRIVER, XDG_RUNTIME_DIR: runtimeDir },
      });
      expect(status, stderr).toBe(0);
      const lines = stdout.trim().split('\n').slice(-2);
      const [first, second] = lines.map((line): unknown => JSON.parse(line));
      // Printed by webgpu-child.ts.
      const { worst } = first as { worst: [string, number] };
      const { losses, isKept, finalLoss } = second as {
        losses: [number, number][];
        isKept: boolean;
        finalLoss: number;
      };
      // A ReLU or max-pool decision that flips in float32 moves single gradients, see test/golden/fixtures/README.md.
      expect(worst[1], worst[0]).toBeLessThan(2e-3);
      for (const [ours, reference] of losses) expect(Math.abs(ours / reference - 1)).toBeLessThan(1e-4);
      expect(isKept).toBe(true);
      expect(finalLoss).toBeGreaterThan(0);
    } finally {
      rmSync(runtimeDir, { recursive: true });
    }
  },
);
