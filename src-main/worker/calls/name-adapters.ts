import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Adapter, Provider } from '../../core/compile/devices/report.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 10_000;

type Adapters = Partial<Record<Provider, Adapter>>;

/**
 * The GPUs of this machine in the words of their drivers, by what computes on them. Nothing where the system does not
 * say.
 * @param webgpu what Vulkan named
 */
export async function nameAdapters(webgpu: Adapter | null): Promise<Adapters> {
  const cuda = await nvidiaGpu();
  const shown = await shownBy(process.platform);
  return {
    ...(shown ? { webgpu: shown, dml: shown } : {}),
    ...(webgpu ? { webgpu } : {}),
    ...(cuda ? { cuda } : {}),
  };
}

async function shownBy(platform: string): Promise<Adapter | undefined> {
  if (platform === 'win32') return windowsGpus();
  return platform === 'darwin' ? macGpus() : undefined;
}

async function nvidiaGpu(): Promise<Adapter | undefined> {
  const text = await outputOf('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader']);
  const [name, driver] = text?.split('\n')[0]?.split(', ') ?? [];
  return name && driver ? { name: name.trim(), driver: driver.trim() } : undefined;
}

const WindowsGpus = z.array(z.object({ Name: z.string(), DriverVersion: z.string().nullable() }));

/** Windows does not say which of several Direct3D opens: all of them are named. */
async function windowsGpus(): Promise<Adapter | undefined> {
  const query =
    '@(Get-CimInstance Win32_VideoController | Select-Object Name, DriverVersion) | ConvertTo-Json';
  const text = await outputOf('powershell', ['-NoProfile', '-NonInteractive', '-Command', query]);
  const listed: unknown = text ? JSON.parse(text) : [];
  const gpus = WindowsGpus.safeParse(Array.isArray(listed) ? listed : [listed]).data ?? [];
  if (gpus.length === 0) return undefined;
  return {
    name: gpus.map(({ Name }) => Name).join(' / '),
    driver: gpus.map(({ DriverVersion }) => DriverVersion ?? '').join(' / '),
  };
}

const MacGpus = z.object({ SPDisplaysDataType: z.array(z.object({ sppci_model: z.string() })) });

/** The driver is a part of macOS. */
async function macGpus(): Promise<Adapter | undefined> {
  const text = await outputOf('system_profiler', ['SPDisplaysDataType', '-json']);
  const gpus = text ? MacGpus.safeParse(JSON.parse(text)).data?.SPDisplaysDataType : undefined;
  const system = await outputOf('sw_vers', ['-productVersion']);
  if (!gpus || gpus.length === 0) return undefined;
  return { name: gpus.map((gpu) => gpu.sppci_model).join(' / '), driver: `macOS ${system?.trim() ?? ''}` };
}

/** Undefined where the program is missing or fails: the device is then named by what drives it. */
async function outputOf(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    return (await run(command, args, { timeout: TIMEOUT_MS, windowsHide: true })).stdout;
  } catch {
    return undefined;
  }
}
