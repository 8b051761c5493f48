import type { Command } from 'commander';
import type { Device } from '../../../contract/system.ts';
import { contextOf } from '../context.ts';
import { probeHere } from '../probe-here.ts';

const GIB = 2 ** 30;

export function addDevicesCommand(program: Command): void {
  program
    .command('devices')
    .description(
      'compare the devices of this machine with the CPU, and list those that compute the same with their measured speed',
    )
    .option('--device <name>', 'test only this device, even if it is a software GPU')
    .action(async ({ device }: { device?: string }, command: Command) => {
      const { folder, output } = contextOf(command);
      const { devices } = await probeHere(folder, device === undefined ? undefined : [device]);
      output.result(devices, (all) => all.flatMap(deviceLines));
    });
}

function deviceLines({
  id,
  name,
  isAvailable,
  isDefault,
  isSoftware,
  memoryBytes,
  gflops,
  onCpu,
  reason,
  fix,
}: Device): string[] {
  const marked = isSoftware ? `${name} (software GPU)` : name;
  if (!isAvailable) return [`-  ${id}: ${marked} is not available: ${reason ?? ''}`, `     ${fix ?? ''}`];
  const memory = memoryBytes === null ? '' : `, ${(memoryBytes / GIB).toFixed(1)} GiB`;
  const speed = gflops === null ? '' : `, ${gflops.toFixed(1)} GFLOP/s measured`;
  const left =
    onCpu && onCpu.count > 0
      ? [`     ${onCpu.count} of ${onCpu.total} operators run on the CPU: ${onCpu.operators.join(', ')}`]
      : [];
  return [
    `${isDefault ? '*' : ' '}  ${id}: ${marked}${memory}${speed}${isDefault ? ' (default)' : ''}`,
    ...left,
  ];
}
