import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readMasks } from '../../../src-main/core/mask-files/mask-folder.ts';
import type { MaskFileFormat } from '../../../src-main/contract/mask-import.ts';

// Prints what each file of a folder holds: `folder format [width height]`, the size of every image if it is known.
const [folder = '', format, width, height] = process.argv.slice(2);
const size = { widthPx: Number(width), heightPx: Number(height) };
const gridOf = (_: string, claimed: { widthPx: number; heightPx: number } | null) =>
  !claimed || (claimed.widthPx === size.widthPx && claimed.heightPx === size.heightPx)
    ? size
    : `It is ${claimed.widthPx} x ${claimed.heightPx}.`;
const options = { format: format as MaskFileFormat, ...(width !== undefined && { gridOf }) };
const found: Record<string, { areas: number[]; problems: string[] }> = {};
for (const name of readdirSync(folder)) {
  const areas: number[] = [];
  const problems: string[] = [];
  for await (const record of readMasks(join(folder, name), options)) {
    if (record.kind === 'masks') areas.push(...record.masks.map(({ areaPx }) => areaPx));
    else if (problems.length < 20) problems.push(`${record.name}: ${record.detail}`.slice(0, 300));
  }
  found[name] = { areas, problems };
}
console.log(JSON.stringify(found));
