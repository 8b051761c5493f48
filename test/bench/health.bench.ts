import { checkHealth, type HealthObject } from '../../src-main/core/segment/describe/health.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import { judgedObjects, type JudgedObject, type JudgedSet } from './loop/judged-objects.ts';
import { randomFrom } from './quick-random.ts';

const BREEDS = ['Abyssinian', 'Bengal', 'american_bulldog'];
const MOVED_SHARE = 0.05;
const DRAWS = 20;
/** Of every hundred outlines, so many are made worse. */
const DEGRADED = 5;
/** An outline is right that covers the truth with an IoU of this much. */
const IS_RIGHT = 0.75;

/**
 * Finds simulated faults. Concepts: 5 % of the pets are moved to another breed (three) or species (two); precision among
 * as many of the list as were moved, and how many of them are among twice as many. Outlines: 5 % of the objects lose 40 %
 * of their width or gain a margin of 15 %; precision among the first tenth, where any outline below an IoU of 0.75 is
 * wrong. Needs `npm run build`.
 * @param args those of `judgedObjects`
 */
export async function run(args: string[]): Promise<BenchReport> {
  const sets = await judgedObjects(['pets', 'coco', 'nuclei'], args, { degraded: DEGRADED });
  const pets = sets.find(({ set }) => set === 'pets');
  if (!pets) throw new Error('no pets');
  const concepts = [await moved(pets, 'breed'), await moved(pets, 'species')];
  const outlines = [];
  for (const set of sets) outlines.push(await degraded(set));
  return {
    benchmark: 'health',
    machine: describeMachine(),
    tables: [
      { title: `5 % of the pets moved to another concept, mean of ${DRAWS} draws`, rows: concepts },
      { title: `Outlines below an IoU of ${IS_RIGHT}; ${DEGRADED} % were made worse`, rows: outlines },
    ],
    ratios: {
      breedPrecisionOverChance: ratio(concepts[0]),
      speciesPrecisionOverChance: ratio(concepts[1]),
    },
  };
}

const ratio = (row: Awaited<ReturnType<typeof moved>> | undefined) =>
  row ? Number((row['precision at moved'] / row['of all']).toFixed(1)) : 0;

const toHealth = (one: JudgedObject, set: JudgedSet, concept: number): HealthObject => ({
  row: one.row,
  maskId: one.maskId,
  imageId: set.descriptions.imageIds[one.row] ?? 0,
  concept,
  score: one.score,
  box: [0, 0, 1, 1],
});

async function moved(set: JudgedSet, by: 'breed' | 'species') {
  const classes = by === 'breed' ? BREEDS.length : 2;
  const conceptOf = ({ image }: JudgedObject) => {
    const breed = BREEDS.findIndex((one) => image.includes(one));
    return by === 'breed' ? 1 + breed : 1 + Number(breed === 2);
  };
  // What is mostly background is of no breed.
  const pets = set.objects.filter(({ foregroundShare }) => foregroundShare >= 0.5);
  const count = Math.round(MOVED_SHARE * pets.length);
  const sums = { precision: 0, recall: 0, listed: 0 };
  for (let draw = 0; draw < DRAWS; draw++) {
    const random = randomFrom(draw + 1);
    const chosen = new Set<number>();
    while (chosen.size < count) chosen.add(pets[Math.floor(random() * pets.length)]?.maskId ?? 0);
    const objects = pets.map((one) => {
      const right = conceptOf(one);
      if (!chosen.has(one.maskId)) return toHealth(one, set, right);
      const away = 1 + Math.floor(random() * (classes - 1));
      return toHealth(one, set, 1 + ((right - 1 + away) % classes));
    });
    const { concepts } = await checkHealth(set.descriptions, objects);
    const found = (limit: number) =>
      concepts.slice(0, limit).filter(({ maskId }) => chosen.has(maskId)).length;
    sums.precision += found(count) / count;
    sums.recall += found(2 * count) / count;
    sums.listed += concepts.length;
  }
  const mean = (sum: number) => Number((sum / DRAWS).toFixed(3));
  return {
    concepts: `${classes} (${by})`,
    objects: pets.length,
    moved: count,
    'of all': Number((count / pets.length).toFixed(3)),
    listed: mean(sums.listed),
    'precision at moved': mean(sums.precision),
    'found among twice as many': mean(sums.recall),
  };
}

async function degraded(set: JudgedSet) {
  const { objects } = set;
  const { outlines } = await checkHealth(
    set.descriptions,
    objects.map((one) => toHealth(one, set, one.conceptId)),
  );
  const byId = new Map(objects.map((one) => [one.maskId, one]));
  const tenth = Math.max(1, Math.round(objects.length / 10));
  const shareOf = (some: readonly (JudgedObject | undefined)[], is: (one: JudgedObject) => boolean) =>
    Number((some.filter((one) => one && is(one)).length / Math.max(1, some.length)).toFixed(3));
  const isWrong = ({ iou }: JudgedObject) => iou < IS_RIGHT;
  const worse = objects.filter(({ isDegraded }) => isDegraded);
  const first = outlines.slice(0, tenth).map(({ maskId }) => byId.get(maskId));
  const lowest = objects.toSorted((a, b) => a.score - b.score).slice(0, tenth);
  const listed = new Set(outlines.map(({ maskId }) => maskId));
  return {
    set: set.set,
    objects: objects.length,
    'wrong of all': shareOf(objects, isWrong),
    'wrong of the first tenth': shareOf(first, isWrong),
    'of the lowest scores': shareOf(lowest, isWrong),
    'made worse': worse.length,
    'of these in the list': shareOf(worse, ({ maskId }) => listed.has(maskId)),
    'of all in the list': shareOf(objects, ({ maskId }) => listed.has(maskId)),
  };
}
