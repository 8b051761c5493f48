import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import {
  HealthList,
  type HealthProgress,
  type HealthReport,
  type SuspectObject,
} from '../../../contract/health.ts';
import type { SegmentationId } from '../../../contract/ids.ts';
import { contextOf } from '../context.ts';
import { countText, printable, table } from '../output.ts';
import { ProgressDisplay } from '../progress-display.ts';
import { conceptNames } from './propose.ts';
import { described } from './similar.ts';
import { findSegmentation } from './segmentations.ts';

const MAX_LIMIT = 1_000;
const POLL_MS = 250;

type Options = { list?: HealthList; limit: number };
type Shown = HealthReport & { names: Record<string, string>; objects?: SuspectObject[] };

export function addHealthCommand(program: Command): void {
  program
    .command('health')
    .argument('<segmentation>', 'number or name')
    .addOption(
      new Option('--list <name>', 'list the suspicious objects, the surest first').choices(
        HealthList.options,
      ),
    )
    .option('--limit <count>', `maximum number of objects, up to ${MAX_LIMIT}`, limitOf, 50)
    .description('count objects with a probably wrong concept or outline, and objects under two concepts')
    .action(async (which: string, options: Options, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const segmentation = await findSegmentation(client, which);
        const { id } = segmentation;
        await described(client, segmentation);
        const report = await checked(client, id);
        const names = await conceptNames(client, segmentation);
        const { list, limit } = options;
        const objects = list && (await client.health.list({ id, list, limit }));
        output.result<Shown>({ ...report, names, ...(objects && { objects }) }, healthLines);
      });
    });
}

/** Checks a segmentation, and shows how far that is. */
async function checked(client: Client, id: SegmentationId): Promise<HealthReport> {
  const display = new ProgressDisplay();
  const show = (progress: HealthProgress | null) => {
    const rest = { phase: 'finding-neighbours', unit: 'objects', ratePerS: null, etaMs: null };
    display.update({ progress: progress && { ...progress, ...rest } });
  };
  // What keeps it from being read keeps the check from being made, which says so.
  const poll = setInterval(() => void client.health.progress({ id }).then(show, () => undefined), POLL_MS);
  try {
    return await client.health.check({ id });
  } finally {
    clearInterval(poll);
    display.finish();
  }
}

function healthLines({ objectCount, counts, hasFeatures, names, objects }: Shown): string[] {
  const by = hasFeatures ? "the encoder's features, colour and outline" : 'colour and outline only';
  const named = (id: number | null) => (id === null ? '' : printable(names[id] ?? ''));
  return [
    `Compared by ${by}: ${countText(objectCount, 'object')}`,
    `Probably wrong: ${countText(counts.concepts, 'concept')}, ${countText(counts.outlines, 'outline')}`,
    `Under two concepts: ${countText(counts.doubles, 'pair')}`,
    ...(objects && objects.length > 0
      ? table([
          ['object', 'suspicion', 'concept', 'looks like', 'score', 'review', 'image'],
          ...objects.map((one) => [
            String(one.id),
            one.suspicion.toFixed(2),
            named(one.conceptId),
            named(one.otherConceptId),
            one.score.toFixed(2),
            one.review,
            printable(one.relPath),
          ]),
        ])
      : []),
  ];
}

function limitOf(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0 && value <= MAX_LIMIT) return value;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_LIMIT}.`);
}
