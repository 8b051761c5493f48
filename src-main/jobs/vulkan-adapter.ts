/** Has Vulkan's loader print which device it opens, with which driver. No other part of Vulkan reads it. */
export const VULKAN_NAMES_ITS_DEVICE = { VK_LOADER_DEBUG: 'driver,layer' } as const;

/**
 * The device that a process opened through Vulkan, from what Vulkan's loader printed there.
 * @returns its name in the driver's words, and the driver's file; undefined where none was opened
 */
export function vulkanAdapterIn(output: string): { name: string; driver: string } | undefined {
  const opened = [...output.matchAll(/Using "(.+)" with driver: "(.+)"/g)].at(-1);
  const [, name, driver] = opened ?? [];
  return name === undefined || driver === undefined ? undefined : { name: name.trim(), driver };
}
