import type { Command } from 'commander';
import type { Device } from '../../../contract/system.ts';
import { contextOf } from '../context.ts';
import { probeHere } from '../probe-here.ts';

const GIB = 2 ** 30;

export function addDevicesCommand(program: Command): void {
  program
    .command('devices')
    .description(
      'list the devices that can compute on this machine, with their measured speed, and why others cannot',
    )
    .action(async (_options: unknown, command: Command) => {
      const { output } = contextOf(command);
      const { devices } = await probeHere();
      output.result(devices, (all) => all.flatMap(deviceLines));
    });
}

function deviceLines({
  id,
  name,
  isAvailable,
  isDefault,
  memoryBytes,
  gflops,
  reason,
  fix,
}: Device): string[] {
  if (!isAvailable) return [`-  ${id}: ${name} is not available: ${reason ?? ''}`, `     ${fix ?? ''}`];
  const memory = memoryBytes === null ? '' : `, ${(memoryBytes / GIB).toFixed(1)} GiB`;
  const speed = gflops === null ? '' : `, ${gflops.toFixed(1)} GFLOP/s measured`;
  return [`${isDefault ? '*' : ' '}  ${id}: ${name}${memory}${speed}${isDefault ? ' (default)' : ''}`];
}
