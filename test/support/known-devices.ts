import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dataLayout, deviceVerdictsFile } from '../../src-main/domain/data-layout.ts';

const shared = join(import.meta.dirname, '../../node_modules/.cache/known-devices.json');

/**
 * Gives a new data folder what an earlier test has found when it compared the CPU with plain JavaScript, which takes a
 * second. The comparison names all that it depends on, so that one of another build is not used.
 */
export function takeKnownDevices(dataFolder: string): void {
  const known = readVerdicts(shared);
  const file = deviceVerdictsFile(dataLayout(dataFolder).cache);
  if (Object.keys(known).length === 0 || Object.keys(readVerdicts(file)).length > 0) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(known));
}

/** Keeps what was found in a data folder for the tests that follow. */
export function keepKnownDevices(dataFolder: string): void {
  const found = readVerdicts(deviceVerdictsFile(dataLayout(dataFolder).cache));
  const known = readVerdicts(shared);
  // Some tests pretend to know GPUs.
  const added = Object.keys(found).filter((key) => key.startsWith('onnx:cpu;') && !(key in known));
  if (added.length === 0) return;
  mkdirSync(dirname(shared), { recursive: true });
  const mine = `${shared}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(Object.fromEntries(added.map((key) => [key, found[key]]))));
  renameSync(mine, shared);
}

function readVerdicts(file: string): Record<string, unknown> {
  try {
    // What the app or keepKnownDevices has written.
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch {
    return {};
  }
}
