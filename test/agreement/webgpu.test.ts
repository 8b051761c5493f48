import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runBundled } from '../support/run-bundled.ts';

/** Debian's chromium ships SwiftShader, a Vulkan driver that computes on the CPU. */
const DRIVER = process.env.R2O_VULKAN_DRIVER ?? '/usr/lib/chromium/vk_swiftshader_icd.json';
const hasDriver = existsSync(DRIVER);

it.skipIf(!hasDriver)(
  `a whole training step on WebGPU agrees with eager TensorFlow.js${hasDriver ? '' : ` (no Vulkan driver at ${DRIVER})`}`,
  async () => {
    const runtimeDir = mkdtempSync(join(tmpdir(), 'r2o-xdg-'));
    try {
      const { status, stdout, stderr } = await runBundled('test/agreement/webgpu-child.ts', {
        env: { VK_DRIVER_FILES: DRIVER, VK_ICD_FILENAMES: DRIVER, XDG_RUNTIME_DIR: runtimeDir },
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
      // A ReLU or max-pool decision that flips in float32 moves single gradients, see golden/README.md.
      expect(worst[1], worst[0]).toBeLessThan(2e-3);
      for (const [ours, reference] of losses) expect(Math.abs(ours / reference - 1)).toBeLessThan(1e-4);
      expect(isKept).toBe(true);
      expect(finalLoss).toBeGreaterThan(0);
    } finally {
      rmSync(runtimeDir, { recursive: true });
    }
  },
  120_000,
);
