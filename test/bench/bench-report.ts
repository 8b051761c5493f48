/** What every benchmark returns: readable tables, and the ratios that comparisons are made by. */
export type BenchReport = {
  benchmark: string;
  machine: { cpu: string; cores: number; memoryGiB: number; node: string; platform: string };
  tables: { title: string; rows: Record<string, string | number>[] }[];
  /** Unitless, named so that it reads as a claim: `trainingSpeedVsTorchR18`. */
  ratios: Record<string, number>;
};
