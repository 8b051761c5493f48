import type { LevelRange } from '../../contract/brightness.ts';
import { measuredRange, type DeepSamples } from '../../core/image/deep-samples.ts';
import { UnmeasuredImage } from '../../core/image/inspect.ts';
import type { FoundFile } from '../../domain/scan.ts';

/** Images of a kind whose samples are kept. */
const MEASURED_IMAGES = 64;

type Kind = { deep: DeepSamples; seen: number; samples: Float64Array[] };

/** Gathers samples of images whose kind has no brightness range yet, while a scan meets them. */
export class BrightnessMeasuring {
  /** Those that wait for their range. */
  readonly files: FoundFile[] = [];
  readonly #kinds = new Map<string, Kind>();

  /** Notes a file that waits for its range, by the error of `inspectFile`; false for every other error. */
  isNoted(error: unknown, file: FoundFile): boolean {
    if (!(error instanceof UnmeasuredImage)) return false;
    this.files.push(file);
    const { deep, samples } = error;
    const kind = this.#kinds.get(deep.kind) ?? { deep, seen: 0, samples: [] };
    this.#kinds.set(deep.kind, kind);
    this.#keep(kind, samples);
    return true;
  }

  ranges(): Record<string, LevelRange> {
    return Object.fromEntries(
      [...this.#kinds].map(([name, { deep, samples }]) => [name, measuredRange(samples, deep)]),
    );
  }

  /** Images evenly over the scan: every second one is dropped when there are too many, then every second one is kept. */
  #keep(kind: Kind, samples: Float64Array): void {
    const step = 2 ** Math.max(0, Math.ceil(Math.log2((kind.seen + 1) / MEASURED_IMAGES)));
    if (kind.seen % step === 0) {
      if (kind.samples.length >= MEASURED_IMAGES)
        kind.samples = kind.samples.filter((_, index) => index % 2 === 0);
      kind.samples.push(samples);
    }
    kind.seen++;
  }
}
