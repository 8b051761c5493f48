import type { Command } from 'commander';
import { dataFolder } from '../shared/data-folder.ts';
import { createOutput, type Output } from './output.ts';
import { openSession, type Session } from './session.ts';

/**
 * What a command's action works with. `withSession` opens the data folder when it is first asked for; it is closed when
 * the command has printed its result (`runCli`).
 */
export type CliContext = {
  folder: string;
  /** The folder of `--data`, where that was given. */
  chosenFolder: string | undefined;
  output: Output;
  withSession: <T>(work: (session: Session) => Promise<T>) => Promise<T>;
};

/** The context of a command's action, from the options given anywhere on the line. */
export function contextOf(command: Command): CliContext {
  const options = command.optsWithGlobals<{ data?: string; json?: boolean }>();
  const output = createOutput(options.json === true);
  return {
    // Asked for late: what needs no data works where there is no place for it, and messages do.
    get folder() {
      return dataFolder(options.data);
    },
    get chosenFolder() {
      return options.data === undefined ? undefined : dataFolder(options.data);
    },
    output,
    withSession: async (work) => work(await openSession(dataFolder(options.data), output.note)),
  };
}
