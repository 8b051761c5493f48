import type { Command } from 'commander';
import { UserError } from '../../../contract/errors.ts';
import { DEFAULT_SETTINGS, Settings, SettingsChange } from '../../../contract/settings.ts';
import { table } from '../output.ts';
import { contextOf } from '../context.ts';

export function addSettingsCommands(program: Command): void {
  const settings = program
    .command('settings')
    .description('manage settings (limits, cache sizes, theme, language, notifications, updates): list, set');

  settings
    .command('list', { isDefault: true })
    .description('list all settings with their values and what they are for')
    .action(async (_options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      output.result(await withSession(({ client }) => client.settings.get()), listLines);
    });

  settings
    .command('set')
    .argument('<key>', `one of: ${Object.keys(Settings.shape).join(', ')}`)
    .argument(
      '<value>',
      'a whole number of pixels or bytes, one of the words listed for the setting, true or false; "" for none',
    )
    .description(
      'change a setting; limits and cache sizes apply from the next job, everything else immediately',
    )
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
  const { shape } = Settings;
  return table([
    ['KEY', 'VALUE', 'MEANING'],
    ...Object.entries(shape).map(([key, { description = '' }]) => {
      const value: unknown = Object.entries(settings).find(([name]) => name === key)?.[1];
      return [key, String(value), description];
    }),
  ]);
}
