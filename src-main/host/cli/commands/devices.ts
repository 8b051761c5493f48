import type { Command } from 'commander';
import type { Device } from '../../../contract/system.ts';
import { UserError } from '../../../contract/errors.ts';
import { dataLayout } from '../../../domain/data-layout.ts';
import { contextOf } from '../context.ts';
import { Cancelled } from '../follow-job.ts';
import { probeHere } from '../probe-here.ts';
import { onNextSignal } from '../signals.ts';
import { installTensorFlow, removeTensorFlow } from '../tensorflow.ts';

const GIB = 2 ** 30;

export function addDevicesCommand(program: Command): void {
  const devices = program
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
  addInstallCommand(devices);
  addRemoveCommand(devices);
}

function addInstallCommand(devices: Command): void {
  devices
    .command('install')
    .argument('<what>', 'tensorflow')
    .option('--gpu', "with NVIDIA's CUDA libraries")
    .description('install TensorFlow for the devices tfjs:tensorflow and tfjs:tensorflow-gpu (Linux x64)')
    .action(async (what: string, { gpu = false }: { gpu?: boolean }, command: Command) => {
      const { folder, output } = contextOf(command);
      refuseOthers(what);
      const abort = new AbortController();
      using _interrupted = onNextSignal(['SIGINT'], () => abort.abort(new Cancelled()));
      const { tensorflow } = dataLayout(folder);
      await installTensorFlow({ folder: tensorflow, isGpu: gpu, note: output.note, signal: abort.signal });
      output.note('Testing what was installed');
      const probed = await probeHere(folder, [gpu ? 'tfjs:tensorflow-gpu' : 'tfjs:tensorflow']);
      output.result(probed.devices, (all) => all.flatMap(deviceLines));
    });
}

function addRemoveCommand(devices: Command): void {
  devices
    .command('remove')
    .argument('<what>', 'tensorflow')
    .description('remove what `r2o devices install` has installed')
    .action(async (what: string, _options: unknown, command: Command) => {
      const { folder, output } = contextOf(command);
      refuseOthers(what);
      const { tensorflow } = dataLayout(folder);
      const removed = await removeTensorFlow(tensorflow);
      output.result({ removed }, () => [
        removed ? `Removed ${tensorflow}.` : 'TensorFlow was not installed.',
      ]);
    });
}

function refuseOthers(what: string): void {
  if (what === 'tensorflow') return;
  throw new UserError('BAD_INPUT', `'${what}' cannot be installed.`, {
    hint: 'Install tensorflow: the other devices need drivers only.',
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
