import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dataLayout, isOfDataFolder } from '../domain/data-layout.ts';

/** Removes a data folder that nobody has open. What is in it and not the app's stays, with the folder. */
export function removeDataFolder(folder: string): void {
  const layout = dataLayout(folder);
  const names = readdirSync(folder);
  const own = names.filter((name) => isOfDataFolder(layout, name));
  for (const name of own) rmSync(join(folder, name), { recursive: true, force: true });
  if (own.length === names.length) rmdirSync(folder);
}
