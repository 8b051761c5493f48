import type { Command } from 'commander';
import { UserError } from '../../../contract/errors.ts';
import { Settings, SettingsChange } from '../../../contract/settings.ts';
import { table } from '../output.ts';
import { contextOf } from '../program.ts';

export function addSettingsCommands(program: Command): void {
  const settings = program.command('settings').description('limits and cache sizes: list, set');

  settings
    .command('list', { isDefault: true })
    .description('list all settings')
    .action(async (_options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      output.result(await withSession(({ client }) => client.settings.get()), listLines);
    });

  settings
    .command('set')
    .argument('<key>', `one of: ${Object.keys(Settings.shape).join(', ')}`)
    .argument('<value>', 'a number')
    .description('change one setting; it holds from the next job on')
    .action(async (key: string, value: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      const changes = parseChange(key, value);
      output.result(await withSession(({ client }) => client.settings.update(changes)), listLines);
    });
}

function parseChange(key: string, value: string): SettingsChange {
  if (!(key in Settings.shape)) {
    throw new UserError('BAD_INPUT', `There is no setting '${key}'.`, { hint: 'See: r2o settings list' });
  }
  const change = SettingsChange.safeParse({ [key]: Number(value) });
  if (change.success) return change.data;
  const reason = change.error.issues[0]?.message ?? 'not valid';
  throw new UserError('BAD_INPUT', `${key} cannot be set to '${value}': ${reason}.`);
}

function listLines(settings: Settings): string[] {
  return table([['KEY', 'VALUE'], ...Object.entries(settings).map(([key, value]) => [key, String(value)])]);
}
