import { DEVICE_IDS, type DeviceReport, type Placement } from '../../core/compile/devices/report.ts';
import type { Device, MachineProbe } from '../../contract/system.ts';
import type { CallOf } from '../protocol/call.ts';
import { deviceTexts } from './device-texts.ts';
import { nameAdapters } from './name-adapters.ts';
import { probeTorch, torchDevicesAmong } from '../torch/probe-torch.ts';
import { verdictsIn } from './device-verdicts.ts';

type ProbeCall = Pick<
  CallOf<'probe'>,
  'devices' | 'webgpuAdapter' | 'verdictsFile' | 'tensorflowFolder' | 'torchFolder'
>;

/**
 * Loads the native modules and compares devices with the CPU, in this process and not in the service's. Of some devices,
 * none is the default; unknown ones are left out.
 */
export async function probeMachine(call: ProbeCall): Promise<MachineProbe> {
  return { modules: [await probeModule('sharp', probeSharp)], devices: await probeDevicesOf(call) };
}

type ModuleProbe = MachineProbe['modules'][number];

/** Modules are imported here and not at the top: one that does not load is a finding, not the end. */
async function probeModule(name: string, tell: () => Promise<string>): Promise<ModuleProbe> {
  try {
    return { name, version: await tell(), problem: null };
  } catch (error) {
    return { name, version: null, problem: error instanceof Error ? error.message : String(error) };
  }
}

async function probeSharp(): Promise<string> {
  const { sharp } = await import('../../core/image/sharp-setup.ts');
  const pixel = { width: 1, height: 1, channels: 3, background: '#808080' } as const;
  await sharp({ create: pixel }).webp().toBuffer();
  return `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}`;
}

async function probeDevicesOf({
  devices,
  webgpuAdapter,
  verdictsFile,
  tensorflowFolder,
  torchFolder,
}: ProbeCall): Promise<Device[]> {
  const { chooseDevice, probeDevices } = await import('../../core/compile/devices/probe-devices.ts');
  const reports = await probeDevices({
    ids: DEVICE_IDS.filter((id) => devices?.includes(id) ?? true),
    isNamed: devices !== undefined,
    adapters: await nameAdapters(webgpuAdapter ?? null),
    ...(tensorflowFolder === undefined ? {} : { tensorflowFolder }),
    ...(verdictsFile === undefined ? {} : { verdicts: verdictsIn(verdictsFile) }),
  });
  const chosen = devices ? undefined : chooseDevice(reports);
  const own = reports.map((report) => toDevice(report, report.id === chosen?.id));
  const others = torchFolder === undefined ? [] : await probeTorch(torchDevicesAmong(devices), torchFolder);
  return [...own, ...others];
}

function toDevice(report: DeviceReport, isDefault: boolean): Device {
  const { id, engine, name, isSoftware } = report;
  const device = { id, engine, isSoftware, isDefault, memoryBytes: null, gflops: null, onCpu: null };
  if (!report.isAvailable) return { ...device, isAvailable: false, ...deviceTexts(report) };
  const { memoryBytes = null, gflops, placement } = report;
  return {
    ...device,
    ...deviceTexts({ name, reason: null, fix: null }),
    isAvailable: true,
    memoryBytes,
    gflops,
    onCpu: placement ? leftToCpu(placement) : null,
  };
}

function leftToCpu({ total, onCpu }: Placement): NonNullable<Device['onCpu']> {
  const count = Object.values(onCpu).reduce((sum, one) => sum + one, 0);
  return { count, total, operators: Object.keys(onCpu).toSorted() };
}
