import type { Command } from 'commander';
import { UserError } from '../../../contract/errors.ts';
import type { TunnelState } from '../../../contract/remote.ts';
import { ShownName } from '../../../contract/shown-name.ts';
import { makePrivateFolder } from '../../../store/private-folder.ts';
import { addRemote, openRemote } from '../../shared/remote-machines.ts';
import { RemoteBook } from '../../shared/remote-book.ts';
import { contextOf } from '../context.ts';
import { table } from '../output.ts';
import { END_SIGNALS, onNextSignal } from '../signals.ts';

/** What the machine in front of the user does: pair with one that serves the page, and open that page. */
export function addRemoteCommands(program: Command): void {
  const remote = program
    .command('remote')
    .description('work on another machine, whose page is shown here: add, open, list, remove');

  remote
    .command('add')
    .argument('<name>', 'what to call the other machine, such as workstation')
    .argument('<address>', 'what r2o pair printed there')
    .option('--ssh <target>', 'open the tunnel too: user@host, or a name of your ssh configuration')
    .description('pair this machine with another one, once')
    .addHelpText(
      'after',
      '\nWithout --ssh, a tunnel has to be open, and the address has to name the port where it ends here:\n  ssh -N -L 41337:127.0.0.1:41337 user@host',
    )
    .action(
      async (given: string, address: string, { ssh = null }: { ssh?: string | null }, command: Command) => {
        const { folder, output } = contextOf(command);
        const name = readName(given);
        makePrivateFolder(folder);
        const added = await addRemote(new RemoteBook(folder), { name, address, ssh });
        output.result(added, () => [`Paired with '${name}'. Open its page with: r2o remote open ${name}`]);
      },
    );

  remote
    .command('open')
    .argument('<name>', 'the machine, as r2o remote lists it')
    .description('print an address of its page for a browser here; the tunnel stays open until Ctrl-C')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { folder, output } = contextOf(command);
      const onState = (state: TunnelState) => output.note(stateLine(name, state));
      const book = new RemoteBook(folder);
      using reached = await openRemote(book, name, { onState });
      output.result({ url: await reached.newPageUrl() }, ({ url }) => [url]);
      if (book.get(name).ssh === null) return;
      output.note('Press Ctrl-C to close the tunnel.');
      await new Promise((resolve) => onNextSignal(END_SIGNALS, resolve));
    });

  remote
    .command('list', { isDefault: true })
    .description('list the machines that this one is paired with')
    .action((_options: unknown, command: Command) => {
      const { folder, output } = contextOf(command);
      output.result(new RemoteBook(folder).list(), (remotes) =>
        remotes.length === 0
          ? ['This machine is paired with no other one. Run r2o pair there, then r2o remote add here.']
          : table([
              ['NAME', 'SERVER', 'TUNNEL'],
              ...remotes.map(({ name, origin, ssh }) => [name, origin, ssh ?? 'opened by you']),
            ]),
      );
    });

  remote
    .command('remove')
    .argument('<name>', 'the machine, as r2o remote lists it')
    .description('remove a machine here; end the pairing there with r2o paired remove')
    .action((name: string, _options: unknown, command: Command) => {
      const { folder, output } = contextOf(command);
      new RemoteBook(folder).remove(name);
      output.result({ name }, () => [`'${name}' is removed here.`]);
    });
}

function readName(text: string): string {
  const name = ShownName.safeParse(text);
  if (name.success) return name.data;
  throw new UserError('BAD_INPUT', `'${text}' is not a name.`, { hint: 'Give one of 1 to 200 characters.' });
}

function stateLine(name: string, state: TunnelState): string {
  if (state.isOpen) return `The tunnel to '${name}' is open.`;
  const why = state.error === null ? '' : ` (${state.error.message})`;
  return `The tunnel to '${name}' is closed${why}. Trying to open it again.`;
}
