import { expect, test } from 'vitest';
import { runCampaign } from '../../campaign/campaign.ts';
import { campaign } from '../../campaign/files.campaign.ts';

test('damaged files of every kind are read or refused with a reason', async () => {
  const { failures, counts } = await runCampaign('files', campaign, { seed: 1, count: 60 });
  expect(failures).toEqual([]);
  expect(Object.keys(counts)).toEqual(
    expect.arrayContaining(['image: read', 'image: corrupt', 'image: truncated']),
  );
}, 300_000);
