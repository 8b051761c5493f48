import { availableParallelism, cpus, totalmem } from 'node:os';

/** What every benchmark returns: readable tables, and the ratios that comparisons are made by. */
export type BenchReport = {
  benchmark: string;
  machine: { cpu: string; cores: number; memoryGiB: number; node: string; platform: string };
  tables: { title: string; rows: Record<string, string | number>[] }[];
  /** Unitless, named so that it reads as a claim: `trainingSpeedVsTorchR18`. */
  ratios: Record<string, number>;
};

/** The machine of a measurement, for comparing only what is comparable. */
export function describeMachine(): BenchReport['machine'] {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
}
