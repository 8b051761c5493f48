import { once } from 'node:events';
import type { Command } from 'commander';
import { UserError } from '../../../contract/errors.ts';
import { contextOf } from '../context.ts';
import { openOwnSession } from '../session.ts';

export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .option('--port <number>', 'port on 127.0.0.1; 0 picks a free one', '0')
    .description('serve the app as a page on this machine, until Ctrl-C')
    .addHelpText(
      'after',
      '\nFrom another machine: ssh -L 7777:127.0.0.1:PORT thismachine, then open the printed address with port 7777.',
    )
    .action(async (options: { port: string }, command: Command) => {
      const { folder, output } = contextOf(command);
      await using session = await openOwnSession(folder, parsePort(options.port));
      output.result({ url: session.pageUrl, dataFolder: folder }, () => [
        `R2O Studio is running at ${session.pageUrl}`,
        `Data folder: ${folder}. Press Ctrl-C to stop.`,
      ]);
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
      output.note('Stopping. Running jobs can be resumed.');
    });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new UserError('BAD_INPUT', `'${text}' is not a port number.`, {
    hint: 'Give a number from 0 to 65535.',
  });
}
