import { contextOf } from './context.ts';
import { Command, CommanderError } from 'commander';
import { UserError } from '../../contract/errors.ts';
import { DATA_FOLDER_VARIABLE } from '../shared/data-folder.ts';
import { openLogFile } from '../shared/log-file.ts';
import { appVersion } from '../shared/paths.ts';
import { addCollectionCommands } from './commands/collections.ts';
import { addConceptCommands } from './commands/concepts.ts';
import { addDatasetCommands } from './commands/datasets.ts';
import { addDuplicatesCommand } from './commands/duplicates.ts';
import { addTagsCommand } from './commands/tags.ts';
import { addDevicesCommand } from './commands/devices.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addDemoCommand } from './commands/demo.ts';
import { addMapCommand } from './commands/map.ts';
import { addModelCommands } from './commands/models.ts';
import { addExportCommand } from './commands/export.ts';
import { addImportMasksCommand } from './commands/import-masks.ts';
import { addSettingsCommands } from './commands/settings.ts';
import { addLicensesCommand } from './commands/licenses.ts';
import { addJobCommands } from './commands/jobs.ts';
import { addPretrainCommand } from './commands/pretrain.ts';
import { addEvaluateCommand } from './commands/evaluate.ts';
import { addRunCommands } from './commands/runs.ts';
import { addReviewCommand } from './commands/review.ts';
import { addHealthCommand } from './commands/health.ts';
import { addProposeCommand } from './commands/propose.ts';
import { addReviewNextCommand } from './commands/review-next.ts';
import { addSimilarCommand } from './commands/similar.ts';
import { addSegmentCommand } from './commands/segment.ts';
import { addSegmentationCommands } from './commands/segmentations.ts';
import { addPairingCommands } from './commands/pairing.ts';
import { addRemoteCommands } from './commands/remote.ts';
import { addAddressCommand, addServeCommand } from './commands/serve.ts';
import { Cancelled } from './follow-job.ts';
import { commandLineError } from './error-hints.ts';
import { errorLines, ExitCode } from './output.ts';
import { leaveSessions, toUserError } from './session.ts';

/** The whole command line. Exported for the test that compares it with the documentation. */
export function createProgram(version: string): Command {
  const program = new Command('r2o')
    .description('R2O Studio: annotation-free segmentation for your own images. Nothing leaves this machine.')
    .version(version)
    .option(
      '--data <folder>',
      `data folder (default: depends on the platform; or set ${DATA_FOLDER_VARIABLE})`,
    )
    .option('--json', 'print results as JSON on stdout')
    .showHelpAfterError('Run with --help to see all commands and options.')
    .configureHelp({ showGlobalOptions: true });
  addCollectionCommands(program);
  addDuplicatesCommand(program);
  addTagsCommand(program);
  addPretrainCommand(program);
  addRunCommands(program);
  addSegmentCommand(program);
  addReviewCommand(program);
  addSimilarCommand(program);
  addMapCommand(program);
  addProposeCommand(program);
  addReviewNextCommand(program);
  addHealthCommand(program);
  addSegmentationCommands(program);
  addConceptCommands(program);
  addEvaluateCommand(program);
  addDatasetCommands(program);
  addExportCommand(program);
  addImportMasksCommand(program);
  addJobCommands(program);
  addModelCommands(program);
  addServeCommand(program);
  addAddressCommand(program);
  addPairingCommands(program);
  addRemoteCommands(program);
  addSettingsCommands(program);
  addDevicesCommand(program);
  addDoctorCommand(program);
  addDemoCommand(program);
  addLicensesCommand(program);
  exitByException(program);
  return program;
}

/** Runs one command line. @returns its exit code: 0, 1 user error, 2 usage, 70 bug, 130 cancelled */
export async function runCli(args: string[]): Promise<number> {
  const program = createProgram(appVersion());
  const code = await runCommand(program, args);
  await leaveSessions(contextOf(program).output.note);
  return code;
}

async function runCommand(program: Command, args: string[]): Promise<number> {
  try {
    await program.parseAsync(args, { from: 'user' });
    // A command that ends well may still have findings that count as a failure, as doctor does.
    return typeof process.exitCode === 'number' ? process.exitCode : ExitCode.ok;
  } catch (thrown) {
    const error = toUserError(thrown);
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    if (error instanceof Cancelled) return ExitCode.cancelled;
    const context = contextOf(program);
    const { output } = context;
    if (error instanceof UserError) {
      if (output.isJson) output.result({ error: commandLineError(error.toInfo()) }, () => []);
      else for (const line of errorLines(error)) output.note(line);
      return ExitCode.userError;
    }
    output.note(`internal error: ${describeBug(error)}`);
    output.note(`  This is a bug in R2O Studio. For details, see ${logBug(error, context.folder)}.`);
    return ExitCode.bug;
  }
}

function exitByException(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) exitByException(child);
}

const describeBug = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** The path of the log, or the stack itself where not even the log can be written. */
function logBug(error: unknown, folder: string): string {
  try {
    const log = openLogFile(folder);
    log.error(error, 'command line');
    return log.file;
  } catch {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
