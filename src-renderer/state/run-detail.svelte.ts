import type { Client } from '../../src-main/contract/contract.ts';
import type { RunId } from '../../src-main/contract/ids.ts';
import type { MetricCurve, RunMetric, RunPreviews } from '../../src-main/contract/run.ts';
import type { ShownError } from '../client/error.ts';
import { attempt } from './attempt.ts';
import { coalesce } from './coalesce.ts';

const MAX_POINTS = 600;
const REST_MS = 1_000;
const SHOWN: RunMetric[] = [
  'loss',
  'regionCount',
  'learningRate',
  'imagesPerS',
  'stability',
  'featureSpread',
  'clusterEntropy',
];

/** The curves and previews of one run, reread while it runs. */
export class RunDetail {
  readonly id: RunId;
  readonly #client: Client;
  #curves = $state.raw<readonly MetricCurve[]>([]);
  #previews = $state.raw<RunPreviews>({ steps: [], images: [] });
  #error = $state.raw<ShownError>();
  #isLoaded = $state(false);
  readonly refresh: () => Promise<void>;

  constructor(client: Client, id: RunId) {
    this.#client = client;
    this.id = id;
    this.refresh = coalesce(() => this.#read(), REST_MS);
  }

  get previews(): RunPreviews {
    return this.#previews;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  /** Steps and values of a curve; empty while there are none. */
  points(name: RunMetric): readonly (readonly [number, number])[] {
    return this.#curves.find((curve) => curve.name === name)?.points ?? [];
  }

  async #read(): Promise<void> {
    this.#error = await attempt(async () => {
      const { id } = this;
      [this.#curves, this.#previews] = await Promise.all([
        this.#client.runs.curves({ id, names: SHOWN, maxPoints: MAX_POINTS }),
        this.#client.runs.previews({ id }),
      ]);
      this.#isLoaded = true;
    });
  }
}
