import { expect, test } from 'vitest';
import { isAhead } from '../../../../../src-main/core/segment/head/reliability.ts';

const cues = { agreement: 0.589, confirmation: 0.738 };

test.each([
  // The lead of a useful head that 250 varied photos taught; draws of other photos differ by 0.02 and more.
  [0.073, true],
  [0.04, true],
  [0.02, false],
  // An encoder that learned from the masks of varied photos, on portraits of animals: it would lose 0.11 of IoU.
  [-0.054, false],
])('a head with a lead of %d over the cues is used: %s', (lead, isUsed) => {
  const head = { agreement: cues.agreement + lead / 2, confirmation: cues.confirmation + lead / 2 };
  expect(isAhead(head, cues)).toBe(isUsed);
});
