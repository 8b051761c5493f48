import type { Command } from 'commander';
import { UserError } from '../../../contract/errors.ts';
import { contextOf } from '../context.ts';
import { connectToOwner, openOwnSession } from '../session.ts';
import { END_SIGNALS, onNextSignal, type EndSignal } from '../signals.ts';
import { noServer } from './pairing.ts';

export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .option('--port <number>', 'port on 127.0.0.1 (default: the last one, if it is free); 0 picks a free one')
    .description('serve the app as a page on this machine, until Ctrl-C')
    .addHelpText(
      'after',
      '\nFrom another machine: pair it once with r2o pair, or ssh -L 7777:127.0.0.1:PORT thismachine, then open the printed address with port 7777.',
    )
    .action(async (options: { port?: string }, command: Command) => {
      const { folder, output } = contextOf(command);
      const onOpened = () => {
        if (!output.isJson) output.note(`Opened. Address for another browser: ${owner.server.newPageUrl()}`);
      };
      const owner = await openOwnSession(folder, {
        port: options.port === undefined ? undefined : parsePort(options.port),
        onOpened,
      });
      output.result({ url: owner.server.newPageUrl(), dataFolder: folder }, ({ url }) => [
        `R2O Studio is running at ${url}`,
        `The address opens it once; for another one, run: r2o address`,
        `Data folder: ${folder}. Press Ctrl-C to stop.`,
      ]);
      const signal = await new Promise<EndSignal>((resolve) => onNextSignal(END_SIGNALS, resolve));
      output.note('Stopping. Running jobs can be resumed.');
      // Ctrl-C gives other commands the time to finish; a supervisor, or the end of a login session, does not.
      if (signal !== 'SIGINT') await owner.close();
    });
}

export function addAddressCommand(program: Command): void {
  program
    .command('address')
    .description('print another address of the page that r2o serve is serving; it opens the page once')
    .action(async (_options: unknown, command: Command) => {
      const { folder, output } = contextOf(command);
      const owner = await connectToOwner(folder);
      if (!owner) throw noServer(folder);
      output.result({ url: await owner.newPageUrl() }, ({ url }) => [url]);
    });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new UserError('BAD_INPUT', `'${text}' is not a port number.`, {
    hint: 'Give a number from 0 to 65535.',
  });
}
