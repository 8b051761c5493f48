import { DEVICE_IDS, type DeviceReport } from '../../core/compile/devices/report.ts';
import type { Device, MachineProbe } from '../../contract/system.ts';

/**
 * Loads the native modules and runs a kernel on devices, in this process and not in the service's.
 * @param ids devices to probe; all by default. Of some devices, none is the default; unknown ones are left out.
 */
export async function probeMachine(ids?: readonly string[]): Promise<MachineProbe> {
  return {
    modules: [await probeModule('sharp', probeSharp)],
    devices: ids ? await probeSome(ids) : await probeAll(),
  };
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

async function probeSome(ids: readonly string[]): Promise<Device[]> {
  const { probeDevices } = await import('../../core/compile/devices/probe-devices.ts');
  const reports = await probeDevices(DEVICE_IDS.filter((id) => ids.includes(id)));
  return reports.map((report) => toDevice(report, false));
}

async function probeAll(): Promise<Device[]> {
  const { chooseDevice, probeDevices } = await import('../../core/compile/devices/probe-devices.ts');
  const reports = await probeDevices();
  const chosen = chooseDevice(reports);
  return reports.map((report) => toDevice(report, report.id === chosen.id));
}

function toDevice(report: DeviceReport, isDefault: boolean): Device {
  const { id, engine, name } = report;
  const missing = { memoryBytes: null, gflops: null, reason: null, fix: null };
  if (!report.isAvailable) {
    return {
      ...missing,
      id,
      engine,
      name,
      isDefault,
      isAvailable: false,
      reason: report.reason,
      fix: report.fix,
    };
  }
  const { memoryBytes = null, gflops } = report;
  return { ...missing, id, engine, name, isDefault, isAvailable: true, memoryBytes, gflops };
}
