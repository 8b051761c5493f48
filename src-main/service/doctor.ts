import { accessSync, constants, existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { totalmem, freemem } from 'node:os';
import { dataLayout, writeTestFile } from '../domain/data-layout.ts';
import { UserError } from '../contract/errors.ts';
import type { Device, DoctorCheck, MachineProbe } from '../contract/system.ts';
import { makePrivateFolder } from '../store/private-folder.ts';
import { probeSqlite } from '../store/probe.ts';
import { findDamage } from '../store/soundness.ts';

const GIB = 2 ** 30;
/** As package.json says for npm. */
const MIN_NODE = { major: 22, minor: 21 };
/** The app computes everywhere on this one; all others only make it faster. */
const REQUIRED_DEVICE = 'onnx:cpu';
const LOW_DISK_BYTES = 5 * GIB;
const LOW_MEMORY_BYTES = 4 * GIB;

export type DoctorOptions = {
  dataFolder: string;
  /** Probes modules and devices in a worker, where a native module that crashes takes nothing else along. */
  probe: () => Promise<MachineProbe>;
};

/** Tries everything the app needs on this machine, and says for each failure what to do. Never throws. */
export async function runDoctor({ dataFolder, probe }: DoctorOptions): Promise<DoctorCheck[]> {
  return [
    checkNode(),
    checkSqlite(),
    checkDataFolder(dataFolder),
    await checkDatabase(dataFolder),
    checkDisk(dataFolder),
    checkMemory(),
    ...(await checkWorker(probe)),
  ];
}

function checkNode(): DoctorCheck {
  const version = process.versions.node;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOk = major > MIN_NODE.major || (major === MIN_NODE.major && minor >= MIN_NODE.minor);
  const host = process.versions.electron ? `Electron ${process.versions.electron}, ` : '';
  return {
    id: 'node',
    title: 'Node',
    status: isOk ? 'ok' : 'failed',
    detail: `${host}Node ${version}, ${process.platform}-${process.arch}`,
    fix: isOk ? null : `Install Node ${MIN_NODE.major}.${MIN_NODE.minor} or newer.`,
  };
}

function checkSqlite(): DoctorCheck {
  const { version, problem } = probeSqlite();
  return moduleCheck('better-sqlite3', version === null ? null : `SQLite ${version}`, problem);
}

function moduleCheck(name: string, version: string | null, problem: string | null): DoctorCheck {
  return {
    id: `module-${name}`,
    title: name,
    status: problem === null ? 'ok' : 'failed',
    detail: problem ?? version ?? 'loaded',
    fix:
      problem === null
        ? null
        : `Install R2O Studio again on this machine (${process.platform}-${process.arch}).`,
  };
}

function checkDataFolder(folder: string): DoctorCheck {
  const check = { id: 'data-folder', title: 'Data folder' };
  try {
    makePrivateFolder(folder);
    accessSync(folder, constants.W_OK);
    const probeFile = writeTestFile(folder, process.pid);
    writeFileSync(probeFile, 'r2o');
    rmSync(probeFile);
    return { ...check, status: 'ok', detail: `${folder} is writable`, fix: null };
  } catch (error) {
    return {
      ...check,
      status: 'failed',
      detail: `${folder} is not writable (${codeOf(error)})`,
      fix: 'Choose another folder with --data or R2O_DATA, or change its permissions.',
    };
  }
}

async function checkDatabase(folder: string): Promise<DoctorCheck> {
  const check = { id: 'database', title: 'Database' };
  const { database } = dataLayout(folder);
  if (!existsSync(database)) return { ...check, status: 'ok', detail: 'none yet', fix: null };
  try {
    const found = await findDamage(database);
    if (found.length === 0) return { ...check, status: 'ok', detail: `${database} is sound`, fix: null };
    return {
      ...check,
      status: 'failed',
      detail: `${database} is damaged: ${found.join('; ')}`,
      fix: 'Replace it with a backup (studio.sqlite.v*.bak, in the same folder), or move it away to start with an empty one.',
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...check, status: 'failed', detail: error.message, fix: error.hint };
  }
}

function checkDisk(folder: string): DoctorCheck {
  const check = { id: 'disk', title: 'Free disk' };
  try {
    const { bavail, bsize } = statfsSync(folder);
    const freeBytes = bavail * bsize;
    const isLow = freeBytes < LOW_DISK_BYTES;
    return {
      ...check,
      status: isLow ? 'warning' : 'ok',
      detail: `${toGib(freeBytes)} GiB free for ${folder}`,
      fix: isLow ? 'Free some space, or lower the cache sizes in the settings.' : null,
    };
  } catch (error) {
    const detail = `The free space of ${folder} cannot be read (${codeOf(error)})`;
    return {
      ...check,
      status: 'warning',
      detail,
      fix: 'Create the folder first, or choose another with --data.',
    };
  }
}

function checkMemory(): DoctorCheck {
  const isLow = totalmem() < LOW_MEMORY_BYTES;
  return {
    id: 'memory',
    title: 'Memory',
    status: isLow ? 'warning' : 'ok',
    detail: `${toGib(freemem())} of ${toGib(totalmem())} GiB free`,
    fix: isLow ? 'Close other programs while training, and use small batches.' : null,
  };
}

async function checkWorker(probe: DoctorOptions['probe']): Promise<DoctorCheck[]> {
  try {
    const { modules, devices } = await probe();
    return [
      ...modules.map(({ name, version, problem }) => moduleCheck(name, version, problem)),
      ...devices.map(deviceCheck),
    ];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [
      {
        id: 'worker',
        title: 'Compute worker',
        status: 'failed',
        detail: error.message,
        fix: 'A native module crashed it. Install R2O Studio again on this machine.',
      },
    ];
  }
}

/** A missing device is not a failure: the app computes on the others. Without any, it cannot. */
function deviceCheck(device: Device): DoctorCheck {
  const memory = device.memoryBytes === null ? [] : [`${toGib(device.memoryBytes)} GiB`];
  const name = device.isSoftware ? `${device.name} (software GPU)` : device.name;
  const speed = device.gflops === null ? [] : [`${device.gflops.toFixed(1)} GFLOP/s measured`];
  return {
    id: `device-${device.id}`,
    title: `Device ${device.id}`,
    status: device.isAvailable ? 'ok' : device.id === REQUIRED_DEVICE ? 'failed' : 'warning',
    detail: device.isAvailable
      ? [name, ...memory, ...speed].join(', ')
      : `${name}: ${device.reason ?? 'not available'}`,
    fix: device.fix,
  };
}

const toGib = (bytes: number) => (bytes / GIB).toFixed(1);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
