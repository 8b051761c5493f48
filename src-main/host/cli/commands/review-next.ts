import { InvalidArgumentError, type Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import type { ReviewEstimate, ReviewQueue } from '../../../contract/review-queue.ts';
import type { SegmentationId } from '../../../contract/ids.ts';
import { contextOf } from '../context.ts';
import { printable, table } from '../output.ts';
import { described } from './similar.ts';
import { findSegmentation } from './segmentations.ts';

const MIN_COUNT = 3;
const MAX_COUNT = 300;

type Options = { count: number; next?: boolean };

export function addReviewNextCommand(program: Command): void {
  program
    .command('review-next')
    .argument('<segmentation>', 'number or name')
    .option('--count <number>', `objects of a round, ${MIN_COUNT} to ${MAX_COUNT}`, roundCount, 30)
    .option('--next', 'end the round and begin the next one, even if not everything is decided')
    .description(
      'list the objects that should be reviewed next, and estimate how many of the others are right',
    )
    .action(async (which: string, options: Options, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const segmentation = await findSegmentation(client, which);
        await described(client, segmentation);
        output.result(await currentRound(client, segmentation.id, options), queueLines);
      });
    });
}

/** The round under way; the next one if it is decided, or if that is asked for. */
async function currentRound(
  client: Client,
  id: SegmentationId,
  { count, next = false }: Options,
): Promise<ReviewQueue> {
  const queue = await client.reviewQueue.get({ id });
  const isOpen = queue.items.some(({ review }) => review === 'pending');
  return isOpen && !next ? queue : client.reviewQueue.advance({ id, count });
}

function queueLines({ round, items, estimates: [estimate] }: ReviewQueue): string[] {
  const isDone = !items.some(({ review }) => review === 'pending');
  const listed = items.map(({ id, kind, chance, score, review, relPath }) => [
    String(id),
    kind === 'draw' ? 'random' : 'gain',
    `${Math.round(100 * chance)} %`,
    score.toFixed(2),
    review,
    printable(relPath),
  ]);
  const rows = [['object', 'chosen by', 'chance', 'score', 'review', 'image'], ...listed];
  return [
    ...(isDone ? ['Everything is reviewed'] : [`Round ${round}`, ...table(rows)]),
    ...(estimate ? [estimateLine(estimate)] : []),
  ];
}

function estimateLine({ pending, share, low, high, audits }: ReviewEstimate): string {
  const [about, from, to] = [share, low, high].map((one) => Math.round(100 * one));
  return `Of the ${pending} objects not reviewed after the last round, about ${about} % (${from} to ${to}) would be accepted, by ${audits} random ones`;
}

function roundCount(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= MIN_COUNT && value <= MAX_COUNT) return value;
  throw new InvalidArgumentError(`It must be a whole number from ${MIN_COUNT} to ${MAX_COUNT}.`);
}
