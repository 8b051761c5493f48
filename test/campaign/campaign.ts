import { drawsFor, type Draw } from '../../src-main/core/tensor/random.ts';

/** Chance that is the same for the same seed. */
export type Chance = {
  /** What it follows from: neighbouring cases have neighbouring numbers, so that they can take turns. */
  readonly seed: number;
  /** Uniform in [0, 1). */
  readonly draw: Draw;
  /** A whole number of at least `from` and below `below`. */
  whole: (from: number, below: number) => number;
  pick: <T>(choices: readonly [T, ...T[]]) => T;
};

/** What runs the cases of a campaign; disposed after the last one. */
export type CaseRunner = AsyncDisposable & {
  /**
   * Runs one case, all of which follows from `chance`.
   * @returns what was tried, under which the case is counted
   * @throws Error that says what was wrong
   */
  run: (chance: Chance) => Promise<string>;
  /** What all cases together show. */
  findings?: () => Findings;
};

/** What is measured over all cases, and what of it is not as it should be. */
export type Findings = { measured: Record<string, Record<string, number>>; problems: string[] };

/** Many cases that chance decides, none of which may fail. A module `NAME.campaign.ts` exports one as `campaign`. */
export type Campaign = {
  /** Cases of a whole run. */
  count: number;
  /** Ends a run after a while, even if it has not had all its cases. */
  minutes?: number;
  /** Prepares what all cases use: pictures, results of a run that nothing disturbed. */
  open: (options: OpenOptions) => Promise<CaseRunner>;
};

export type OpenOptions = {
  /** A file to which a campaign that measures something appends each measurement, one JSON object per line. */
  recordTo?: string | undefined;
  /** Kinds of work to which a campaign that disturbs work is limited, divided by commas; see `works.ts`. */
  only?: string | undefined;
};

export type CampaignReport = {
  campaign: string;
  seed: number;
  count: number;
  /** Cases by what was tried. */
  counts: Record<string, number>;
  /** `--seed SEED --count 1` repeats one. */
  failures: { seed: number; problem: string }[];
} & Findings;

type RunOptions = { seed: number; count: number; minutes?: number | undefined } & OpenOptions;

/** Runs `count` cases, or as many as fit into `minutes`. Case n has the seed `seed + n`, so that each can be repeated without the others. */
export async function runCampaign(
  name: string,
  campaign: Campaign,
  { seed, count, minutes = Infinity, ...options }: RunOptions,
): Promise<CampaignReport> {
  const report: CampaignReport = {
    campaign: name,
    seed,
    count: 0,
    counts: {},
    failures: [],
    measured: {},
    problems: [],
  };
  await using cases = await campaign.open(options);
  const endMs = performance.now() + minutes * 60_000;
  for (let caseSeed = seed; caseSeed < seed + count && performance.now() < endMs; caseSeed++) {
    report.count++;
    try {
      const tried = await cases.run(chanceOf(name, caseSeed));
      report.counts[tried] = (report.counts[tried] ?? 0) + 1;
    } catch (error) {
      report.failures.push({
        seed: caseSeed,
        problem: error instanceof Error ? error.message : String(error),
      });
    }
  }
  const { measured, problems } = cases.findings?.() ?? report;
  return { ...report, measured, problems };
}

/** The chance of one case. */
export function chanceOf(name: string, seed: number): Chance {
  const draw = drawsFor({ seed, step: 0, stream: name });
  const whole = (from: number, below: number) => from + Math.floor(draw() * (below - from));
  return {
    seed,
    draw,
    whole,
    pick: (choices) => choices[whole(0, choices.length)] ?? choices[0],
  };
}
