import type { Command } from 'commander';
import { UserError } from '../../../contract/errors.ts';
import { DEFAULT_SETTINGS, Settings, SettingsChange } from '../../../contract/settings.ts';
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
    .argument('<value>', 'as its default is: a number, a word, true or false')
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
  const change = SettingsChange.safeParse({ [key]: readValue(key, value) });
  if (change.success) return change.data;
  const reason = change.error.issues[0]?.message ?? 'not valid';
  throw new UserError('BAD_INPUT', `${key} cannot be set to '${value}': ${reason}.`);
}

/** A word as the type that the setting has by default; what does not fit, the schema refuses. */
function readValue(key: string, value: string): unknown {
  const fallback: unknown = Object.entries(DEFAULT_SETTINGS).find(([name]) => name === key)?.[1];
  if (typeof fallback === 'number') return Number(value);
  if (typeof fallback === 'boolean' && ['true', 'false'].includes(value)) return value === 'true';
  return value;
}

function listLines(settings: Settings): string[] {
  return table([['KEY', 'VALUE'], ...Object.entries(settings).map(([key, value]) => [key, String(value)])]);
}
