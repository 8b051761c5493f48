import type { Command } from 'commander';
import type { DoctorCheck } from '../../../contract/system.ts';
import { runDoctor } from '../../../service/doctor.ts';
import { ExitCode } from '../output.ts';
import { probeHere } from '../probe-here.ts';
import { contextOf } from '../context.ts';

const MARKS = { ok: 'ok     ', warning: 'note   ', failed: 'FAILED ' } as const;

/** Works while the app is running and on a data folder that does not open: it takes no lock and no database. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      'check this machine: Node, native modules, engines and devices, data folder, database, disk, memory',
    )
    .action(async (_options: unknown, command: Command) => {
      const { folder, output } = contextOf(command);
      const checks = await runDoctor({ dataFolder: folder, probe: () => probeHere(folder) });
      output.result(checks, (all) => all.flatMap(checkLines));
      if (checks.some(({ status }) => status === 'failed')) process.exitCode = ExitCode.userError;
    });
}

function checkLines({ title, status, detail, fix }: DoctorCheck): string[] {
  return [`${MARKS[status]}${title}: ${detail}`, ...(fix === null ? [] : [`         ${fix}`])];
}
