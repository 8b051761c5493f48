import { expect, test } from 'vitest';
import { HealthView } from '../../../src-renderer/screens/masks/health-view.svelte.ts';
import { Toasts } from '../../../src-renderer/state/toasts.svelte.ts';
import { startEndlessChecks } from '../../support/endless-checks.ts';

test('a check shows how far it is, and ends when its view is left', async () => {
  const { client, segmentationId: id } = await startEndlessChecks();
  const view = new HealthView(client, new Toasts(), id);
  const checked = view.check();
  await expect.poll(() => view.progress).toEqual({ done: 1, total: 3 });
  view.leave();
  await checked;
  expect(view.progress).toBeUndefined();
  expect(view.report).toBeUndefined();
  expect(await client.health.progress({ id })).toBeNull();
});
