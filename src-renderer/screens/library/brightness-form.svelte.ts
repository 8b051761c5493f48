import {
  shownLevel,
  type Brightness,
  type BrightnessSetting,
  type LevelRange,
} from '../../../src-main/contract/brightness.ts';
import { t } from '../../i18n/language.svelte.ts';

/** Before a person chose one, and where nothing was measured. */
const FIRST_RANGE: LevelRange = { from: 0, to: 4_095 };

/** What a collection's images with more than 8 bits are shown by, as text; empty where it has none. */
export function shownRanges({ setting, measured }: Brightness): string {
  switch (setting.kind) {
    case 'full':
      return t('library.brightness.full');
    case 'range':
      return rangeText(setting.range);
    case 'automatic':
      return Object.entries(measured)
        .map(([kind, range]) => `${kind} ${rangeText(range)}`)
        .join(', ');
  }
}

const rangeText = ({ from, to }: LevelRange) =>
  t('library.brightness.fromTo', { from: shownLevel(from), to: shownLevel(to) });

/** A brightness setting while a person changes it. */
export class BrightnessForm {
  kind = $state<BrightnessSetting['kind']>('automatic');
  from = $state(FIRST_RANGE.from);
  to = $state(FIRST_RANGE.to);

  /** Starts from the present setting; the fields of a range from what was measured. */
  constructor({ setting, measured }: Brightness) {
    const range = setting.kind === 'range' ? setting.range : (Object.values(measured)[0] ?? FIRST_RANGE);
    this.kind = setting.kind;
    this.from = range.from;
    this.to = range.to;
  }

  /** Undefined where the range does not end above its start. */
  get setting(): BrightnessSetting | undefined {
    if (this.kind !== 'range') return { kind: this.kind };
    return this.from < this.to ? { kind: 'range', range: { from: this.from, to: this.to } } : undefined;
  }
}
