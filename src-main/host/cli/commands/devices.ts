import type { Command } from 'commander';
import type { Device } from '../../../contract/system.ts';
import { UserError } from '../../../contract/errors.ts';
import { dataLayout } from '../../../domain/data-layout.ts';
import { contextOf } from '../context.ts';
import { Cancelled } from '../follow-job.ts';
import { probeHere } from '../probe-here.ts';
import { onNextSignal } from '../signals.ts';
import { removeInstalled } from '../python-install.ts';
import { installTensorFlow } from '../tensorflow.ts';
import { installTorch } from '../torch.ts';

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

type InstallOptions = { gpu?: boolean; python?: string };

function addInstallCommand(devices: Command): void {
  devices
    .command('install')
    .argument('<what>', 'tensorflow or torch')
    .option('--gpu', "with NVIDIA's CUDA libraries")
    .option('--python <program>', 'for torch: use this Python, which has PyTorch, and install nothing')
    .description('install TensorFlow (Linux x64) or PyTorch, for additional devices')
    .action(async (what: string, { gpu = false, python }: InstallOptions, command: Command) => {
      const { folder, output } = contextOf(command);
      const engine = engineOf(what);
      const abort = new AbortController();
      using _interrupted = onNextSignal(['SIGINT'], () => abort.abort(new Cancelled()));
      const target = {
        folder: dataLayout(folder)[engine],
        isGpu: gpu,
        note: output.note,
        signal: abort.signal,
      };
      if (engine === 'torch') await installTorch({ ...target, python });
      else await installTensorFlow(target);
      output.note('Testing what was installed');
      const probed = await probeHere(folder, TESTED[engine](gpu));
      output.result(probed.devices, (all) => all.flatMap(deviceLines));
    });
}

function addRemoveCommand(devices: Command): void {
  devices
    .command('remove')
    .argument('<what>', 'tensorflow or torch')
    .description('remove what `r2o devices install` has installed')
    .action(async (what: string, _options: unknown, command: Command) => {
      const { folder, output } = contextOf(command);
      const engine = engineOf(what);
      const target = dataLayout(folder)[engine];
      const removed = await removeInstalled(target);
      output.result({ removed }, () => [
        removed ? `Removed ${target}.` : `${NAMES[engine]} was not installed.`,
      ]);
    });
}

type Installed = 'tensorflow' | 'torch';
const NAMES: Record<Installed, string> = { tensorflow: 'TensorFlow', torch: 'PyTorch' };

/** The devices that are tested after an installation. */
const TESTED: Record<Installed, (isGpu: boolean) => string[]> = {
  tensorflow: (isGpu) => [isGpu ? 'tfjs:tensorflow-gpu' : 'tfjs:tensorflow'],
  torch: (isGpu) => [
    ...(isGpu ? ['torch:cuda'] : process.platform === 'darwin' ? ['torch:mps'] : []),
    'torch:cpu',
  ],
};

function engineOf(what: string): Installed {
  if (what === 'tensorflow' || what === 'torch') return what;
  throw new UserError('BAD_INPUT', `'${what}' cannot be installed.`, {
    hint: 'Install tensorflow or torch: the other devices need drivers only.',
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
