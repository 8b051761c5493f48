import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Debian's chromium ships SwiftShader, a Vulkan driver that computes on the CPU. */
export const VULKAN_DRIVER = process.env.R2O_VULKAN_DRIVER ?? '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Why WebGPU cannot run here in software; undefined where it can. The driver comes without the loader that opens it. */
function missing(): string | undefined {
  if (!existsSync(VULKAN_DRIVER)) return `no Vulkan driver at ${VULKAN_DRIVER}`;
  const { stdout, error } = spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
  return error === undefined && stdout.includes('libvulkan.so.1')
    ? undefined
    : 'no Vulkan loader: Debian has it in libvulkan1';
}

const reason = missing();

export const hasVulkan = reason === undefined;

/** Appended to the names of tests that are skipped without it. */
export const vulkanReason = reason === undefined ? '' : ` (skipped: ${reason})`;
