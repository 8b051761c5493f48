import { accessSync, constants, existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { totalmem, freemem } from 'node:os';
import { dataLayout, writeTestFile } from '../domain/data-layout.ts';
import { UserError } from '../contract/errors.ts';
import { inEnglish, phrase, phraseList } from '../contract/error-texts/error-text.ts';
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

type Finding = Pick<DoctorCheck, 'id' | 'status'> & DoctorCheck['texts'];

/** Tries everything the app needs on this machine, and says for each failure what to do. Never throws. */
export async function runDoctor({ dataFolder, probe }: DoctorOptions): Promise<DoctorCheck[]> {
  const findings = [
    checkNode(),
    checkSqlite(),
    checkDataFolder(dataFolder),
    await checkDatabase(dataFolder),
    checkDisk(dataFolder),
    checkMemory(),
    ...(await checkWorker(probe)),
  ];
  return findings.map(toCheck);
}

function toCheck({ id, status, ...texts }: Finding): DoctorCheck {
  const { title, detail, fix } = texts;
  return {
    id,
    status,
    title: inEnglish(title),
    detail: inEnglish(detail),
    fix: fix === null ? null : inEnglish(fix),
    texts,
  };
}

function checkNode(): Finding {
  const version = process.versions.node;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOk = major > MIN_NODE.major || (major === MIN_NODE.major && minor >= MIN_NODE.minor);
  const host = process.versions.electron ? `Electron ${process.versions.electron}, ` : '';
  return {
    id: 'node',
    title: 'Node',
    status: isOk ? 'ok' : 'failed',
    detail: `${host}Node ${version}, ${process.platform}-${process.arch}`,
    fix: isOk ? null : phrase('install-node', { version: `${MIN_NODE.major}.${MIN_NODE.minor}` }),
  };
}

function checkSqlite(): Finding {
  const { version, problem } = probeSqlite();
  return moduleCheck('better-sqlite3', version === null ? null : `SQLite ${version}`, problem);
}

function moduleCheck(name: string, version: string | null, problem: string | null): Finding {
  return {
    id: `module-${name}`,
    title: name,
    status: problem === null ? 'ok' : 'failed',
    detail: problem ?? version ?? phrase('loaded'),
    fix: problem === null ? null : phrase('install-app', { system: `${process.platform}-${process.arch}` }),
  };
}

function checkDataFolder(folder: string): Finding {
  const check = { id: 'data-folder', title: phrase('check-data-folder') };
  try {
    makePrivateFolder(folder);
    accessSync(folder, constants.W_OK);
    const probeFile = writeTestFile(folder, process.pid);
    writeFileSync(probeFile, 'r2o');
    rmSync(probeFile);
    return { ...check, status: 'ok', detail: phrase('folder-writable', { folder }), fix: null };
  } catch (error) {
    return {
      ...check,
      status: 'failed',
      detail: phrase('folder-not-writable', { folder, code: codeOf(error) }),
      fix: phrase('choose-data-folder'),
    };
  }
}

async function checkDatabase(folder: string): Promise<Finding> {
  const check = { id: 'database', title: phrase('check-database') };
  const { database } = dataLayout(folder);
  if (!existsSync(database)) return { ...check, status: 'ok', detail: phrase('none-yet'), fix: null };
  try {
    const found = await findDamage(database);
    if (found.length === 0)
      return { ...check, status: 'ok', detail: phrase('database-sound', { database }), fix: null };
    return {
      ...check,
      status: 'failed',
      detail: phrase('database-damaged-by', { database, found: found.join('; ') }),
      fix: phrase('replace-database'),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...check, status: 'failed', detail: error.asPhrase(), fix: error.hint };
  }
}

function checkDisk(folder: string): Finding {
  const check = { id: 'disk', title: phrase('check-disk') };
  try {
    const { bavail, bsize } = statfsSync(folder);
    const freeBytes = bavail * bsize;
    const isLow = freeBytes < LOW_DISK_BYTES;
    return {
      ...check,
      status: isLow ? 'warning' : 'ok',
      detail: phrase('disk-free', { free: toGib(freeBytes), folder }),
      fix: isLow ? phrase('free-space') : null,
    };
  } catch (error) {
    const detail = phrase('disk-unread', { folder, code: codeOf(error) });
    return { ...check, status: 'warning', detail, fix: phrase('create-data-folder') };
  }
}

function checkMemory(): Finding {
  const isLow = totalmem() < LOW_MEMORY_BYTES;
  return {
    id: 'memory',
    title: phrase('check-memory'),
    status: isLow ? 'warning' : 'ok',
    detail: phrase('memory-free', { free: toGib(freemem()), total: toGib(totalmem()) }),
    fix: isLow ? phrase('close-programs') : null,
  };
}

async function checkWorker(probe: DoctorOptions['probe']): Promise<Finding[]> {
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
        title: phrase('check-worker'),
        status: 'failed',
        detail: error.asPhrase(),
        fix: phrase('worker-crashed'),
      },
    ];
  }
}

/** A missing device is not a failure: the app computes on the others. Without any, it cannot. */
function deviceCheck({ id, texts, ...device }: Device): Finding {
  const memory = device.memoryBytes === null ? [] : [phrase('gib', { size: toGib(device.memoryBytes) })];
  const name = device.isSoftware ? phrase('software-gpu', { device: texts.name }) : texts.name;
  const speed = device.gflops === null ? [] : [phrase('speed-measured', { speed: device.gflops.toFixed(1) })];
  return {
    id: `device-${id}`,
    title: phrase('check-device', { id }),
    status: device.isAvailable ? 'ok' : id === REQUIRED_DEVICE ? 'failed' : 'warning',
    detail: device.isAvailable
      ? phraseList([name, ...memory, ...speed])
      : phrase('named-reason', { name, reason: texts.reason ?? phrase('not-available') }),
    fix: texts.fix,
  };
}

const toGib = (bytes: number) => (bytes / GIB).toFixed(1);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
