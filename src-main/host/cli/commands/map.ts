import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import { UserError } from '../../../contract/errors.ts';
import { MapOf, type MapState } from '../../../contract/map.ts';
import type { Segmentation } from '../../../contract/segmentation.ts';
import { contextOf } from '../context.ts';
import { followJob } from '../follow-job.ts';
import { countText, printable } from '../output.ts';
import { findSegmentation } from './segmentations.ts';
import { described } from './similar.ts';

type Options = { out?: string; of: MapOf; force?: boolean };
type Written = { path: string; pointCount: number };
type Laid = { map: NonNullable<MapState['map']>; written: Written | null };

export function addMapCommand(program: Command): void {
  program
    .command('map')
    .argument('<segmentation>', 'number or name')
    .addOption(
      new Option('--of <points>', 'what the points are').choices(MapOf.options).default(MapOf.enum.objects),
    )
    .option('--out <file>', 'file to write the points to; its name ends in .csv or .json')
    .option('--force', 'overwrite an existing file')
    .description(
      'lay out objects and images on a plane, near where they look alike, and write their coordinates',
    )
    .action(async (which: string, options: Options, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const segmentation = await findSegmentation(client, which);
        output.result(await layOut(client, segmentation, options), laidLines);
      });
    });
}

async function layOut(client: Client, segmentation: Segmentation, options: Options): Promise<Laid> {
  const { out, of, force = false } = options;
  const { id } = segmentation;
  const file = out === undefined ? undefined : { path: resolve(out), overwrite: force };
  // Known before minutes of work rather than after them.
  if (file) await client.system.checkOutput(file);
  await described(client, segmentation);
  const map = await laidOut(client, segmentation);
  return { map, written: file ? await client.maps.write({ id, of, ...file }) : null };
}

/** Lays out what is new or has changed. @throws UserError WRONG_STATE after a pause */
async function laidOut(client: Client, { id, name }: Segmentation): Promise<NonNullable<MapState['map']>> {
  const before = await client.maps.state({ id });
  if (before.map && !before.map.isOutdated && !before.job) return before.map;
  await followJob(client, (await client.maps.layOut({ id })).id);
  const { map } = await client.maps.state({ id });
  if (map && !map.isOutdated) return map;
  throw new UserError('WRONG_STATE', `The map of '${name}' has not been finished.`, {
    hint: 'Resume its job: r2o jobs list names it.',
  });
}

function laidLines({ map: { objectCount, imageCount }, written }: Laid): string[] {
  return [
    `Laid out: ${countText(objectCount, 'object')}, ${countText(imageCount, 'image')}`,
    ...(written ? [`Wrote ${countText(written.pointCount, 'point')} to ${printable(written.path)}`] : []),
  ];
}
