import { describe, expect, it } from 'vitest';
import { inEnglish } from '../../../../src-main/contract/error-texts/error-text.ts';
import { compareDevice, runEager } from '../../../../src-main/core/compile/devices/compare-device.ts';
import { probeOnnxProvider } from '../../../../src-main/core/compile/devices/onnx-probe.ts';
import { chooseDevice, probeDevices } from '../../../../src-main/core/compile/devices/probe-devices.ts';
import { probeCases } from '../../../../src-main/core/compile/devices/probe-cases.ts';
import {
  DEVICE_IDS,
  isSoftwareAdapter,
  type DeviceReport,
  type Machine,
  type Verdict,
} from '../../../../src-main/core/compile/devices/report.ts';
import type { LowerGraph } from '../../../../src-main/core/compile/devices/run-on-provider.ts';
import { lower } from '../../../../src-main/core/compile/lower/lower.ts';
import { writeModel } from '../../../../src-main/core/compile/lower/onnx/model.ts';

const machine: Machine = {
  platform: process.platform,
  arch: process.arch,
  cpuName: 'CPU',
  threads: 2,
  memoryBytes: 1,
};

/** A recipe with a fault: the gradient of strided convolutions is shifted by one row, so that sizes are right. */
const shifted: LowerGraph = (graph, target) => {
  const onnx = lower(graph, target).builder.graph();
  const nodes = onnx.nodes.map((node) => {
    const { pads } = node.attributes;
    if (node.op !== 'ConvTranspose' || !Array.isArray(pads)) return node;
    const [top = 0, left = 0, bottom = 0, right = 0] = pads as number[];
    return { ...node, attributes: { ...node.attributes, pads: [top - 1, left, bottom + 1, right] } };
  });
  return writeModel({ ...onnx, nodes });
};

describe('probing the devices of this machine', () => {
  it('reports each device once, with a speed or with a reason and a fix', async () => {
    const reports = await probeDevices();
    expect(reports.map((report) => report.id)).toEqual([...DEVICE_IDS]);
    for (const report of reports) {
      if (report.isAvailable) expect(report.gflops).toBeGreaterThan(0);
      else for (const told of [report.reason, report.fix]) expect(inEnglish(told).length).toBeGreaterThan(10);
    }
  });

  it('finds the CPU and the JavaScript reference everywhere', async () => {
    const reports = await probeDevices({ ids: ['onnx:cpu', 'tfjs:cpu'] });
    expect(reports.every((report) => report.isAvailable)).toBe(true);
  });

  it.each([
    ['dml', { platform: 'linux', arch: 'x64' }],
    ['coreml', { platform: 'linux', arch: 'x64' }],
    ['cuda', { platform: 'win32', arch: 'x64' }],
    ['cuda', { platform: 'linux', arch: 'arm64' }],
    ['webgpu', { platform: 'linux', arch: 'arm64' }],
  ] as const)(
    'reports %s as missing on %o, for which ONNX Runtime does not have it',
    async (provider, system) => {
      const report = await probeOnnxProvider(provider, { machine: { ...machine, ...system } });
      expect(report.isAvailable ? '' : inEnglish(report.reason)).toContain(
        `this is ${system.platform}-${system.arch}`,
      );
    },
  );
});

describe('comparing a device with the CPU', () => {
  it('refuses one with a wrong recipe, and names what it computes wrongly', async () => {
    const report = await probeOnnxProvider('cpu', { machine, lowerGraph: shifted });
    expect(report.isAvailable ? '' : inEnglish(report.reason)).toMatch(
      /computes wrong results: in '3x3 convolution, stride 2', the gradient for a is wrong by up to \d/,
    );
  });

  it.each([
    ['another value', (data: Float32Array) => data.with(data.length - 1, (data.at(-1) ?? 0) + 0.5)],
    ['a value that is not a number', (data: Float32Array) => data.with(0, NaN)],
    ['too few values', (data: Float32Array) => data.slice(1)],
  ])('sees %s anywhere', async (_what, spoil) => {
    const [first] = probeCases();
    if (!first) throw new Error('there are no cases');
    const wrong = await compareDevice(
      async (probeCase, values) => {
        const outputs = await runEager(probeCase, values, 'cpu');
        return { ...outputs, 'gradient for b': spoil(outputs['gradient for b'] as Float32Array) };
      },
      [first],
    );
    expect(wrong).toMatchObject({ operator: '3x3 convolution', result: 'gradient for b' });
  });

  it('names the computation that a device refuses', async () => {
    const refuse = () => Promise.reject(new Error('out of memory'));
    await expect(compareDevice(refuse)).rejects.toThrow('3x3 convolution: out of memory');
  });

  it('is done once for a driver, adapter and lowering', async () => {
    const kept = new Map<string, Verdict>();
    const read: string[] = [];
    const verdicts = {
      read: (key: string) => (read.push(key), kept.get(key)),
      write: (key: string, verdict: Verdict) => void kept.set(key, verdict),
    };
    const adapter = { name: 'One GPU', driver: '1.0' };
    await probeOnnxProvider('cpu', { machine, adapter, verdicts });
    const [key = '', verdict] = [...kept].at(0) ?? [];
    expect(verdict).toMatchObject({ wrong: null });
    kept.set(key, { wrong: 'it computes wrong results', placement: null });
    const again = await probeOnnxProvider('cpu', { machine, adapter, verdicts });
    expect(again).toMatchObject({ isAvailable: false, reason: 'it computes wrong results' });
    const updated = { ...adapter, driver: '1.1' };
    expect(await probeOnnxProvider('cpu', { machine, adapter: updated, verdicts })).toMatchObject({
      isAvailable: true,
    });
    await probeOnnxProvider('cpu', { machine, adapter, verdicts, lowerGraph: shifted });
    expect(new Set(read).size).toBe(3);
  });
});

describe('a GPU that a program imitates on the CPU', () => {
  it.each([
    ['SwiftShader Device (Subzero)', true],
    ['llvmpipe (LLVM 15.0.6, 256 bits)', true],
    ['Microsoft Basic Render Driver', true],
    ['NVIDIA H200', false],
    ['Intel(R) Arc(TM) Graphics', false],
    ['AMD Radeon RX 7900 XTX (RADV NAVI31)', false],
  ])('is known by its name: %s, %s', (name, isSoftware) => {
    expect(isSoftwareAdapter({ name, driver: '1' })).toBe(isSoftware);
  });

  it('is marked, and compared only if it is named', async () => {
    // On the CPU's provider, so that the test needs no driver.
    const adapter = { name: 'SwiftShader Device (Subzero)', driver: 'libvk_swiftshader.so' };
    const listed = await probeOnnxProvider('cpu', { machine, adapter });
    expect(listed).toMatchObject({ isSoftware: true, isAvailable: false });
    const named = await probeOnnxProvider('cpu', { machine, adapter, isNamed: true });
    expect(named).toMatchObject({ isSoftware: true, isAvailable: true });
  });
});

describe('choosing a device', () => {
  const cpu: DeviceReport = {
    id: 'onnx:cpu',
    engine: 'onnx',
    name: 'CPU',
    isSoftware: false,
    isAvailable: true,
    gflops: 100,
  };
  const gpu: DeviceReport = { ...cpu, id: 'onnx:webgpu', name: 'GPU', gflops: 900 };
  const gone: DeviceReport = {
    id: 'onnx:cuda',
    engine: 'onnx',
    name: 'GPU',
    isSoftware: false,
    isAvailable: false,
    reason: 'no driver',
    fix: 'install one',
  };

  it('takes the fastest', () => {
    expect(chooseDevice([gone, gpu, cpu]).id).toBe('onnx:webgpu');
  });

  it('never takes a software GPU, however fast', () => {
    expect(chooseDevice([{ ...gpu, isSoftware: true }, cpu]).id).toBe('onnx:cpu');
  });

  it('refuses when nothing is available', () => {
    expect(() => chooseDevice([gone])).toThrow('no device is available');
  });
});
