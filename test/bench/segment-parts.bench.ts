import { makeViews } from '../../src-main/core/train/make-views.ts';
import { chooseSeeds, lloyd, type ClusterTask } from '../../src-main/core/superpixel/kmeans.ts';
import { drawsFor } from '../../src-main/core/tensor/random.ts';
import { regionMap } from '../../src-main/core/superpixel/region-map.ts';
import { roiAlignRegions, roiSampling } from '../../src-main/core/superpixel/roi-align.ts';
import { rowProducts } from '../../src-main/core/superpixel/row-products.ts';
import { slic } from '../../src-main/core/superpixel/slic.ts';
import { poolSuperpixels, softCells } from '../../src-main/core/superpixel/superpixel-masks.ts';
import { photoLike, sharpOf } from '../support/test-images.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';

/** Milliseconds that the authors' SLIC takes for an image of 224 px. */
const AUTHORS_SLIC_MS = 60;
/** Bounds that this project set itself. */
const SLIC_GOAL_MS = 25;
const VIEWS_GOAL_MS = 15;

const ROWS = 2_000;

type Row = Record<string, string | number>;

/**
 * Milliseconds of the parts of a step that run outside of the network, on one thread: superpixels, masks, K-means
 * and views. The best of several rounds counts, as other work on the machine only adds.
 * @param args `--quick` for fewer rounds
 */
export async function run(args: string[]): Promise<BenchReport> {
  const rounds = args.includes('--quick') ? 2 : 6;
  const superpixels = await superpixelRowsOf(rounds);
  const views = await viewRows(rounds);
  const slicMs = msOf(superpixels, 'SLIC, 224 px');
  const viewsMs = msOf(views, 'views from 640 x 480, 128 px');
  return {
    benchmark: 'segment-parts',
    machine: describeMachine(),
    tables: [
      { title: 'Superpixels and masks, an image', rows: superpixels },
      { title: 'Views, an image', rows: views },
      { title: `K-means, ${ROWS} rows`, rows: await kmeansRows(rounds) },
    ],
    ratios: {
      slicSpeedVsAuthors: round(AUTHORS_SLIC_MS / slicMs),
      slicTimeOverGoal: round(slicMs / SLIC_GOAL_MS),
      viewsTimeOverGoal: round(viewsMs / VIEWS_GOAL_MS),
    },
  };
}

async function superpixelRowsOf(rounds: number): Promise<Row[]> {
  const large = await photo(224, 224);
  const small = await photo(128, 128);
  const { labels, count } = slic(large);
  const map = { labels, widthPx: 224, heightPx: 224 };
  const features = new Float32Array(14 * 14 * 1024).fill(1);
  const cells14 = softCells(map, 14);
  const cells56 = softCells(map, 56);
  const regions = Int32Array.from({ length: count }, (_, label) => label % 32);
  const regions56 = regionMap(cells56, regions);
  const box = { y1: 0.11, x1: 0.2, y2: 0.83, x2: 0.9, isFlipped: true };
  const sampling = () => roiSampling(box, { mapSize: 56, outSize: 7 });
  return [
    row('SLIC, 224 px', rounds, () => slic(large)),
    row('SLIC, 128 px', rounds, () => slic(small)),
    row('soft cells, 14', rounds, () => softCells(map, 14)),
    row('soft cells, 56', rounds, () => softCells(map, 56)),
    row('pool, 14 x 14 x 1024', rounds, () => poolSuperpixels(cells14, { features, dim: 1024 }, count)),
    row('region map, 56', rounds, () => regionMap(cells56, regions)),
    row('masks of a view, K 32', rounds, () => roiAlignRegions(regions56, 32, sampling())),
    row('masks of a view, K 127', rounds, () => roiAlignRegions(regions56, 127, sampling())),
  ];
}

async function viewRows(rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [widthPx, heightPx] of [
    [320, 240],
    [640, 480],
  ] as const) {
    const pixels = await photo(widthPx, heightPx);
    for (const sizePx of [128, 224]) {
      let step = 0;
      rows.push(
        row(`views from ${widthPx} x ${heightPx}, ${sizePx} px`, rounds, () =>
          // The same twenty plans in every round.
          makeViews({ pixels, sizePx, seed: 1, step: step++ % 20, index: 0 }),
        ),
      );
    }
  }
  return rows;
}

async function kmeansRows(rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const dim of [256, 1024]) {
    const task: ClusterTask = { rows: unitRows(dim), dim };
    for (const regionCount of [32, 127]) {
      const products = rowProducts(task);
      const centres = task.rows.subarray(0, regionCount * dim);
      const out = new Float32Array(ROWS * regionCount);
      const productMs = bestMs(Math.min(rounds, 3), 1, () => void products(centres, regionCount, out));
      const start = performance.now();
      const seeds = await chooseSeeds(task, regionCount, drawsFor({ seed: 1, step: 0, stream: 'kmeans' }));
      const seeded = performance.now();
      const { iterations } = await lloyd(task, seeds);
      const lloydMs = performance.now() - seeded;
      rows.push({
        D: dim,
        K: regionCount,
        'products ms': round(productMs),
        'GMAC/s': round((ROWS * regionCount * dim) / productMs / 1e6),
        'k-means++ ms': round(seeded - start),
        'Lloyd ms': round(lloydMs),
        iterations,
      });
    }
  }
  return rows;
}

/** Rows of length 1 in forty clouds. */
function unitRows(dim: number): Float32Array {
  const draw = drawsFor({ seed: 7, step: 0, stream: 'rows' });
  const clouds = Array.from({ length: 40 * dim }, () => draw() - 0.5);
  const rows = Float32Array.from({ length: ROWS * dim }, (_, at) => {
    const cloud = Math.floor(at / dim) % 40;
    return (clouds[cloud * dim + (at % dim)] ?? 0) + (draw() - 0.5);
  });
  for (let first = 0; first < rows.length; first += dim) {
    const vector = rows.subarray(first, first + dim);
    const length = Math.hypot(...vector);
    vector.forEach((value, d) => (vector[d] = value / length));
  }
  return rows;
}

const row = (what: string, rounds: number, work: () => unknown): Row => ({
  what,
  ms: round(bestMs(rounds, 20, work)),
});

/** Milliseconds of one call, in the best of the rounds. */
function bestMs(rounds: number, calls: number, work: () => unknown): number {
  let best = Infinity;
  // One round more: the first one runs before the code is compiled.
  for (let at = 0; at <= rounds; at++) {
    const start = performance.now();
    for (let call = 0; call < calls; call++) work();
    best = Math.min(best, (performance.now() - start) / calls);
  }
  return best;
}

function msOf(rows: Row[], what: string): number {
  return Number(rows.find((each) => each.what === what)?.ms);
}

async function photo(
  widthPx: number,
  heightPx: number,
): Promise<{ data: Uint8Array; widthPx: number; heightPx: number }> {
  return { data: await sharpOf(photoLike(widthPx, heightPx)).raw().toBuffer(), widthPx, heightPx };
}

const round = (value: number) => Number(value.toPrecision(3));
