import { describe, expect, it } from 'vitest';
import { chooseDevice, probeDevices } from '../../../../src-main/core/compile/devices/probe-devices.ts';
import { DEVICE_IDS, type DeviceReport } from '../../../../src-main/core/compile/devices/report.ts';

describe('probing the devices of this machine', () => {
  it('reports each device once, with a speed or with a reason and a fix', async () => {
    const reports = await probeDevices();
    expect(reports.map((report) => report.id)).toEqual([...DEVICE_IDS]);
    for (const report of reports) {
      if (report.isAvailable) expect(report.gflops).toBeGreaterThan(0);
      else expect([report.reason.length, report.fix.length].every((length) => length > 10)).toBe(true);
    }
  });

  it('finds the CPU and the JavaScript reference everywhere', async () => {
    const reports = await probeDevices(['onnx:cpu', 'tfjs:cpu']);
    expect(reports.every((report) => report.isAvailable)).toBe(true);
  });

  it('reports a provider of another operating system as missing', async () => {
    const [report] = await probeDevices([process.platform === 'win32' ? 'onnx:coreml' : 'onnx:dml']);
    expect(report).toMatchObject({ isAvailable: false });
  });
});

describe('choosing a device', () => {
  const cpu: DeviceReport = { id: 'onnx:cpu', engine: 'onnx', name: 'CPU', isAvailable: true, gflops: 100 };
  const gpu: DeviceReport = { id: 'onnx:webgpu', engine: 'onnx', name: 'GPU', isAvailable: true, gflops: 9 };
  const gone: DeviceReport = {
    id: 'onnx:cuda',
    engine: 'onnx',
    name: 'GPU',
    isAvailable: false,
    reason: 'no driver',
    fix: 'install one',
  };

  it('takes the fastest, which a software GPU is not', () => {
    expect(chooseDevice([gone, gpu, cpu]).id).toBe('onnx:cpu');
  });

  it('refuses when nothing is available', () => {
    expect(() => chooseDevice([gone])).toThrow('no device is available');
  });
});
