import { expect, test } from 'vitest';
import { vulkanAdapterIn } from '../../../src-main/jobs/vulkan-adapter.ts';

const LOADER = `INFO | LAYER:     Failed to find vkGetDeviceProcAddr in layer "libVkLayer_MESA_device_select.so"
DRIVER | LAYER:      <Device>
DRIVER | LAYER:          Using "SwiftShader Device (Subzero)" with driver: "/usr/lib/chromium/./libvk_swiftshader.so"
`;

test("a GPU has the name and the driver that Vulkan's loader printed when it was opened", () => {
  expect(vulkanAdapterIn(LOADER)).toEqual({
    name: 'SwiftShader Device (Subzero)',
    driver: '/usr/lib/chromium/./libvk_swiftshader.so',
  });
});

test('a GPU that was only listed, not opened, is not named', () => {
  expect(vulkanAdapterIn('INFO | DRIVER:     [0] llvmpipe (LLVM 15.0.6, 256 bits)\n')).toBeUndefined();
});
