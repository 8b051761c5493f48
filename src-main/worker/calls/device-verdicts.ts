import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { Told } from '../../contract/error-texts/error-text.ts';
import type { Verdict, Verdicts } from '../../core/compile/devices/report.ts';

const VerdictFile = z.record(
  z.string(),
  z.object({
    wrong: Told.nullable(),
    placement: z.object({ total: z.number(), onCpu: z.record(z.string(), z.number()) }).nullable(),
  }),
);

/** Comparisons of devices, kept in a file. One that cannot be read or written costs a comparison, nothing else. */
export function verdictsIn(file: string): Verdicts {
  return {
    read: (key) => readAll(file)[key],
    write: (key, verdict) => {
      try {
        writeFileSync(file, `${JSON.stringify({ ...readAll(file), [key]: verdict }, null, 2)}\n`);
      } catch {
        // No data folder yet, no space, or no permission: the next probe compares again.
      }
    },
  };
}

function readAll(file: string): Record<string, Verdict> {
  try {
    return VerdictFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return {};
  }
}
