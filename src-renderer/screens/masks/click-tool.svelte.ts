import type { ClickAnswer, ClickSeed, ClickSeeds } from '../../../src-main/contract/click-seeds.ts';
import type { Point } from '../../canvas/brush.ts';

/** What a press with the tool says: of the place, or with a stroke, of all that it covers. */
export type Said = {
  isInside: boolean;
  /** Whether dragging paints; else it draws a box. */
  isStroke: boolean;
};

/** What is said between press and release. */
type Press = Said & { from: Point; points: readonly Point[]; radius: number };

const NOTHING: ClickSeeds = { box: null, seeds: [] };
const NO_ANSWER: ClickAnswer = { answers: [], best: -1 };
/** A press that moves no further than this, in pixels of the screen, is a click. */
const CLICK_PX = 4;
/** Points of a stroke that are nearer to each other are one. */
const STROKE_STEP_PX = 1;
const MAX_POINTS = 2_000;
const MAX_SEEDS = 200;
/** After so long without another click, the smaller and the larger answer are asked for. */
const QUIET_MS = 250;

/** Asks what seeds mean; undefined where that could not be found out, which has been shown then. */
type Ask = (given: ClickSeeds, isNested: boolean) => Promise<ClickAnswer | undefined>;

/**
 * Clicks, boxes and strokes that say what an object is, and what they may mean. Places are in pixels of the grid. Of questions
 * that are asked faster than they are answered, only the last one counts.
 */
export class ClickTool {
  readonly #ask: Ask;
  #given = $state.raw<ClickSeeds>(NOTHING);
  #answer = $state.raw<ClickAnswer>(NO_ANSWER);
  #place = $state(-1);
  #press = $state.raw<Press>();
  #isAsking = $state(false);
  #isStale = false;
  /** Whether the smaller and the larger answer are there, too; what a key wants to see of them until they are. */
  #isComplete = false;
  #wanted = 0;
  #quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** All that was said, with the stroke or the box that is being drawn. */
  get given(): ClickSeeds {
    const press = this.#press;
    if (!press) return this.#given;
    const seed = seedOf(press);
    return seed
      ? { ...this.#given, seeds: [...this.#given.seeds, seed] }
      : { ...this.#given, box: boxOf(press) };
  }

  get hasSeeds(): boolean {
    return this.#given.seeds.length > 0 || this.#given.box !== null;
  }

  /** Run lengths of the answer that is shown. */
  get shown(): string | undefined {
    return this.#answer.answers[this.#place]?.counts;
  }

  /** The answer that is shown, from 1, and how many there are. */
  get position(): { place: number; count: number } {
    return { place: this.#place + 1, count: this.#answer.answers.length };
  }

  get isAsking(): boolean {
    return this.#isAsking;
  }

  get isUnderWay(): boolean {
    return this.#press !== undefined;
  }

  /** Has the image made ready, so that the first click is answered as fast as the next. */
  async warmUp(): Promise<void> {
    if (!this.hasSeeds) await this.#ask(NOTHING, false);
  }

  press(at: Point, said: Said, radius: number): void {
    clearTimeout(this.#quiet);
    this.#press = { ...said, from: at, points: [at], radius };
  }

  dragTo(at: Point): void {
    const press = this.#press;
    if (!press) return;
    const last = press.points.at(-1) ?? press.from;
    if (press.isStroke && Math.hypot(at.x - last.x, at.y - last.y) < STROKE_STEP_PX) return;
    if (press.points.length < MAX_POINTS) this.#press = { ...press, points: [...press.points, at] };
  }

  /** @param scale pixels of the screen a pixel of the grid, which distinguishes a click from a box */
  async release(scale: number): Promise<void> {
    const press = this.#press;
    this.#press = undefined;
    if (!press || this.#given.seeds.length >= MAX_SEEDS) return;
    const last = press.points.at(-1) ?? press.from;
    const isClick = Math.hypot(last.x - press.from.x, last.y - press.from.y) * scale <= CLICK_PX;
    const said = isClick ? { ...press, points: [press.from], radius: 0, isStroke: true } : press;
    const seed = seedOf(said);
    this.#given = seed
      ? { ...this.#given, seeds: [...this.#given.seeds, seed] }
      : // A new box is a new object.
        { box: boxOf(said), seeds: [] };
    await this.askAgain();
  }

  /** Asks what the seeds mean: after they have changed, or when a connection is there again. */
  async askAgain(): Promise<void> {
    this.#isStale = true;
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#isStale) {
      this.#isStale = false;
      const given = this.#given;
      const answer = this.hasSeeds ? await this.#ask(given, false) : NO_ANSWER;
      // Dropped, or said more, in the meantime.
      if (given !== this.#given) this.#isStale = true;
      else if (answer) this.#show(answer);
    }
    this.#isAsking = false;
    if (this.shown !== undefined) this.#quiet = setTimeout(() => void this.#askMore(), QUIET_MS);
  }

  /** Asks for the smaller and the larger answer to what was said. */
  async #askMore(): Promise<void> {
    clearTimeout(this.#quiet);
    const given = this.#given;
    const answer = await this.#ask(given, true);
    if (given !== this.#given || this.#isComplete || this.#isAsking || !answer) return;
    const wanted = this.#wanted;
    this.#show(answer);
    this.#isComplete = true;
    this.#step(wanted);
  }

  /** Shows the next larger answer, or with -1 the next smaller one; after the last comes the first. */
  cycle(by: 1 | -1): void {
    if (this.shown === undefined) return;
    if (this.#isComplete) this.#step(by);
    else {
      this.#wanted += by;
      void this.#askMore();
    }
  }

  #step(by: number): void {
    const { length } = this.#answer.answers;
    if (length > 0) this.#place = (((this.#place + by) % length) + length) % length;
  }

  /** Undoes the last click, box or stroke. @returns whether anything was */
  takeBack(): boolean {
    if (!this.hasSeeds) return false;
    const { box, seeds } = this.#given;
    this.#given = seeds.length > 0 ? { box, seeds: seeds.slice(0, -1) } : NOTHING;
    void this.askAgain();
    return true;
  }

  /** @returns whether there was anything to drop */
  drop(): boolean {
    const had = this.isUnderWay || this.hasSeeds;
    this.#press = undefined;
    this.#given = NOTHING;
    this.#show(NO_ANSWER);
    return had;
  }

  #show(answer: ClickAnswer): void {
    clearTimeout(this.#quiet);
    this.#isComplete = false;
    this.#wanted = 0;
    this.#answer = answer;
    this.#place = answer.best;
  }
}

/** A stroke; undefined for a box. */
function seedOf({ isStroke, points, radius, isInside }: Press): ClickSeed | undefined {
  return isStroke ? { points: [...points], radius, isInside } : undefined;
}

function boxOf({ from, points }: Press): NonNullable<ClickSeeds['box']> {
  const to = points.at(-1) ?? from;
  return {
    x: Math.min(from.x, to.x),
    y: Math.min(from.y, to.y),
    // A box of no width is none; the release makes it a click.
    width: Math.max(Math.abs(to.x - from.x), 0.01),
    height: Math.max(Math.abs(to.y - from.y), 0.01),
  };
}
