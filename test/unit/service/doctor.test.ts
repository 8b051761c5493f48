import { expect, test } from 'vitest';
import { phrase, type Told } from '../../../src-main/contract/error-texts/error-text.ts';
import type { Device } from '../../../src-main/contract/system.ts';
import { runDoctor } from '../../../src-main/service/doctor.ts';
import { deviceTexts } from '../../../src-main/worker/calls/device-texts.ts';
import german from '../../../src-renderer/i18n/errors.de.json';
import { tempFolder } from '../../support/temp-folder.ts';

const cpu: Device = {
  id: 'onnx:cpu',
  engine: 'onnx',
  isSoftware: false,
  isAvailable: true,
  isDefault: true,
  memoryBytes: 2 ** 30,
  gflops: 12.34,
  onCpu: null,
  ...deviceTexts({ name: phrase('cpu-threads', { cpu: 'A CPU', threads: 2 }), reason: null, fix: null }),
};
const webgpu: Device = {
  ...cpu,
  id: 'onnx:webgpu',
  isSoftware: true,
  isAvailable: false,
  isDefault: false,
  ...deviceTexts({
    name: phrase('through', { device: phrase('gpu'), engine: 'WebGPU' }),
    reason: phrase('gpu-not-compared'),
    fix: phrase('gpu-use-cpu'),
  }),
};

/** Whether a text is data that has German words. Names, versions and paths are the same everywhere. */
const isTranslated = (told: Told) => typeof told === 'string' || told.key in german.phrases;

test('the doctor reports in English, and as data that other languages have words for', async () => {
  const modules = [
    { name: 'sharp', version: 'sharp 1', problem: null },
    { name: 'broken', version: null, problem: 'cannot open shared object file' },
  ];
  const checks = await runDoctor({
    dataFolder: tempFolder(),
    probe: () => Promise.resolve({ modules, devices: [cpu, webgpu] }),
  });
  const detailOf = (id: string) => checks.find((check) => check.id === id)?.detail;
  expect(detailOf('database')).toBe('none yet');
  expect(detailOf('device-onnx:cpu')).toBe('A CPU, 2 threads, 1.0 GiB, 12.3 GFLOP/s measured');
  expect(detailOf('device-onnx:webgpu')).toBe(
    'GPU through WebGPU (software GPU): it is a software GPU, which computes on the CPU and more slowly, so it was not tested',
  );
  for (const { id, texts } of checks)
    for (const told of [texts.title, texts.detail, texts.fix ?? ''])
      expect(isTranslated(told), id).toBe(true);
  // Of what is said in sentences, nothing is a plain string: that would be English on every page.
  const plain = checks.flatMap(({ id, texts }) => [texts.detail, texts.fix].map((told) => ({ id, told })));
  expect(plain.filter(({ told }) => typeof told === 'string').map(({ id }) => id)).toEqual([
    'node',
    'module-better-sqlite3',
    'module-sharp',
    'module-broken',
  ]);
});
