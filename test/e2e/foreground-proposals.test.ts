import { describe, expect, test } from 'vitest';
import type { Client } from '../../src-main/contract/contract.ts';
import type { SegmentationId } from '../../src-main/contract/ids.ts';
import { runCli } from '../support/cli.ts';
import { haltingFork } from '../support/halting.ts';
import { forkBuiltWorker, galleryOf, waitForState } from '../support/running-service.ts';
import { correctToRed, likenessToRed, startTwoColours, TWO_COLOUR_IMAGES } from '../support/two-colours.ts';

const LONG_MS = 240_000;
const CORRECTED = 6;

describe('foregrounds that corrections suggest', { timeout: LONG_MS }, () => {
  test('fit the images that were not corrected better, and on the command line, too', async () => {
    const { client, service, id, dataFolder } = await startTwoColours();
    await waitForState(client, (await client.foregrounds.make({ id })).id, 'done');
    expect((await client.foregrounds.state({ id })).proposal?.check).toMatchObject({
      outcome: 'too-few',
      images: 0,
    });

    await correctToRed(client, id, CORRECTED);
    const before = await likenessToRed(client, id, CORRECTED);
    await waitForState(client, (await client.foregrounds.make({ id })).id, 'done');
    const { proposal } = await client.foregrounds.state({ id });
    expect(proposal).toMatchObject({
      check: { outcome: 'better', images: CORRECTED },
      cutCount: TWO_COLOUR_IMAGES - CORRECTED,
    });
    const corrected = await likenessToRed(client, id, 0);
    const applied = await client.foregrounds.apply({ id });
    expect(applied.changed).toBe(proposal?.imageCount);
    const after = await likenessToRed(client, id, CORRECTED);
    expect(after).toBeGreaterThan(before + 0.1);
    // What was corrected is as it was.
    expect(await likenessToRed(client, id, 0)).toBeGreaterThan(corrected);
    await client.masks.undoBatch({ batch: applied.batch ?? 0 });
    expect(await likenessToRed(client, id, CORRECTED)).toBeCloseTo(before);
    const tiles = await galleryOf(client, { id });
    expect(tiles.filter(({ reviews }) => reviews.accepted > 0)).toHaveLength(CORRECTED);
    service[Symbol.dispose]();

    const shown = await runCli(dataFolder, 'propose', '1', '--foregrounds');
    expect(shown, shown.stderr).toMatchObject({ code: 0 });
    expect(shown.stdout).toContain(`Learned from ${CORRECTED} corrected images: IoU `);
    expect(shown.stderr).toContain('cutting again');
    const unasked = await runCli(dataFolder, 'propose', '1', '--foregrounds', '--apply');
    expect(unasked).toMatchObject({ code: 1 });
    const done = await runCli(dataFolder, 'propose', '1', '--foregrounds', '--apply', '--yes', '--json');
    expect(done, done.stderr).toMatchObject({ code: 0 });
    const result = JSON.parse(done.stdout) as { applied: { changed: number; batch: number } };
    expect(result.applied.changed).toBe(proposal?.imageCount);
    const undo = ['review', '1', '--undo', String(result.applied.batch)];
    expect(await runCli(dataFolder, ...undo)).toMatchObject({ code: 0 });
  });

  test('are the same after the job was paused and killed, and no image is segmented twice', async () => {
    const [pausedAt, killedAt] = [2, 3];
    const { fork, halted } = haltingFork(
      forkBuiltWorker,
      { kind: 'recut/save', after: pausedAt },
      { kind: 'recut/save', after: killedAt },
    );
    const { client, service, id } = await startTwoColours({ fork });
    await correctToRed(client, id, CORRECTED);
    const compared = () =>
      service.store.foregroundProposals
        .images({ id, afterId: 0, limit: TWO_COLOUR_IMAGES })
        .filter((image) => image.isCompared);

    const { id: jobId } = await client.foregrounds.make({ id });
    await halted();
    await client.jobs.pause({ id: jobId });
    await waitForState(client, jobId, 'paused');
    // What had halted is answered before the worker pauses.
    const kept = compared().length;
    expect(kept).toBeGreaterThanOrEqual(pausedAt);
    expect(await client.foregrounds.state({ id })).toMatchObject({ proposal: null, job: { id: jobId } });

    await client.jobs.resume({ id: jobId });
    await halted();
    expect(compared()).toHaveLength(kept + killedAt);
    process.kill(service.queue.workerPid ?? Number.NaN, 'SIGKILL');
    await waitForState(client, jobId, 'interrupted');
    await client.jobs.resume({ id: jobId });
    await waitForState(client, jobId, 'done');
    const disturbed = await proposalOf(client, id);
    expect(disturbed.proposal).toMatchObject({
      check: { outcome: 'better' },
      cutCount: TWO_COLOUR_IMAGES - CORRECTED,
    });

    await waitForState(client, (await client.foregrounds.make({ id })).id, 'done');
    expect(disturbed).toEqual(await proposalOf(client, id));
  });
});

/** What is proposed, and for which images. */
async function proposalOf(client: Client, id: SegmentationId) {
  const { proposal } = await client.foregrounds.state({ id });
  return { proposal, images: await client.foregrounds.images({ id }) };
}
