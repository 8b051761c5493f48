import { inEnglish } from '../../contract/error-texts/error-text.ts';
import type { Device } from '../../contract/system.ts';

/** What is said of a device, as data and in English. */
export function deviceTexts({
  name,
  reason,
  fix,
}: Device['texts']): Pick<Device, 'name' | 'reason' | 'fix' | 'texts'> {
  return {
    name: inEnglish(name),
    reason: reason === null ? null : inEnglish(reason),
    fix: fix === null ? null : inEnglish(fix),
    texts: { name, reason, fix },
  };
}
