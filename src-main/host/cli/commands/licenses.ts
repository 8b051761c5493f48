import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { NOTICES_FILE } from '../../../contract/notices.ts';
import { rendererFolder } from '../../shared/paths.ts';
import { contextOf } from '../context.ts';

export function addLicensesCommand(program: Command): void {
  program
    .command('licenses')
    .description('print the licenses of all software that ships with the app')
    .action((_options: unknown, command: Command) => {
      const file = join(rendererFolder, NOTICES_FILE);
      const text = readFileSync(file, 'utf8');
      contextOf(command).output.result({ file, text }, () => [text]);
    });
}
