import type { Run } from '../../../src-main/contract/run.ts';

/** A setting of two runs, as text; undefined where a run has no such setting. */
export type SettingPair = {
  name: string;
  mine: string | undefined;
  other: string | undefined;
  isDifferent: boolean;
};

type Compared = Pick<Run, 'preset' | 'device' | 'imageCount' | 'totalSteps' | 'config'>;

/** Everything that two runs were made with, side by side: what differs first, each part in the order of the settings. */
export function compareSettings(mine: Compared, other: Compared): SettingPair[] {
  const [left, right] = [entriesOf(mine), entriesOf(other)];
  const names = [...new Set([...left.keys(), ...right.keys()])];
  const pairs = names.map((name) => {
    const [a, b] = [left.get(name), right.get(name)];
    return { name, mine: a, other: b, isDifferent: a !== b };
  });
  return pairs.sort((a, b) => Number(b.isDifferent) - Number(a.isDifferent));
}

function entriesOf({ preset, device, imageCount, totalSteps, config }: Compared): Map<string, string> {
  const all = Object.entries({ preset, device, imageCount, totalSteps, ...config });
  return new Map(
    all.flatMap(([name, value]) => (value === undefined ? [] : [[name, textOf(value)] as const])),
  );
}

/** Schedules as `cosine: 0, 300 → 128, 4`; everything else as it is written on the command line. */
function textOf(value: string | number | boolean | null | Run['config']['kSchedule']): string {
  if (value === null || typeof value !== 'object') return String(value);
  return `${value.type}: ${value.epochs.join(', ')} → ${value.values.join(', ')}`;
}
