/** The devices that PyTorch drives, in a process of Python: for pretraining only, and never the default. */
export const TORCH_DEVICES = ['torch:cuda', 'torch:mps', 'torch:cpu'] as const;
export type TorchDevice = (typeof TORCH_DEVICES)[number];

/** The device of that name; undefined for the app's own devices. */
export function torchDeviceOf(id: string): TorchDevice | undefined {
  return TORCH_DEVICES.find((one) => one === id);
}
