import type { Command } from 'commander';
import { UserError } from '../../../contract/errors.ts';
import { pairingAddress } from '../../../contract/page-access.ts';
import { contextOf } from '../context.ts';
import { dateText, table } from '../output.ts';
import { connectToOwner } from '../session.ts';

/** What the machine with the server does: let another one in, and list and end what it has let in. */
export function addPairingCommands(program: Command): void {
  program
    .command('pair')
    .argument('<name>', 'what to call the other machine, such as laptop')
    .description(
      'let another machine open the page that r2o serve is serving, from now on: prints an address for it',
    )
    .addHelpText(
      'after',
      '\nThe address works once and for ten minutes. There: r2o remote add, or Settings > Other machines in the desktop app.',
    )
    .action(async (name: string, _options: unknown, command: Command) => {
      const { folder, output } = contextOf(command);
      const owner = await connectToOwner(folder);
      if (!owner) throw noServer(folder);
      const { code } = await owner.client.pairing.offer({ name });
      output.result({ address: pairingAddress(owner.url, code) }, ({ address }) => [address]);
    });

  const paired = program
    .command('paired')
    .description('manage the machines that may open the page: list, remove');
  paired
    .command('list', { isDefault: true })
    .description('list the paired machines')
    .action(async (_options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      output.result(await withSession(({ client }) => client.pairing.list()), (machines) =>
        machines.length === 0
          ? ['No machine is paired with this one. Pair one with: r2o pair <name>']
          : table([
              ['NAME', 'PAIRED', 'LAST SEEN'],
              ...machines.map(({ name, pairedAtMs, seenAtMs }) => [
                name,
                dateText(pairedAtMs),
                seenAtMs === null ? 'never' : dateText(seenAtMs),
              ]),
            ]),
      );
    });
  paired
    .command('remove')
    .argument('<name>', 'the machine, as r2o paired lists it')
    .description('end a pairing, and close the pages that the machine has open')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(({ client }) => client.pairing.remove({ name }));
      output.result({ name }, () => [`'${name}' is no longer paired.`]);
    });
}

/** No process serves the page of that data folder. */
export function noServer(folder: string): UserError {
  return new UserError('SERVER_UNREACHABLE', `No r2o serve is running with the data folder ${folder}.`, {
    hint: 'Start it with: r2o serve',
  });
}
