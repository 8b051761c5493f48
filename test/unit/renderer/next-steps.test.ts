import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { JobId, RunId, SegmentationId, CollectionId } from '../../../src-main/contract/ids.ts';
import { fractionOf, Job, type JobSpec } from '../../../src-main/contract/job.ts';
import { runErrorAction } from '../../../src-renderer/state/error-actions.ts';
import { startSegmenting, takeNextStep } from '../../../src-renderer/state/job-results.ts';
import { Jobs, jobTitle } from '../../../src-renderer/state/jobs.svelte.ts';
import { Library } from '../../../src-renderer/state/library.svelte.ts';
import { Models } from '../../../src-renderer/state/models.svelte.ts';
import { Navigation } from '../../../src-renderer/state/navigation.svelte.ts';
import { Runs } from '../../../src-renderer/state/runs.svelte.ts';
import { Segmentations } from '../../../src-renderer/state/segmentations.svelte.ts';
import { Toasts } from '../../../src-renderer/state/toasts.svelte.ts';
import { ViewMemory } from '../../../src-renderer/state/view-memory.svelte.ts';
import { startService } from '../../support/running-service.ts';

/** The address of a browser, which there is none of here. */
let address = '';

beforeEach(() => {
  address = '#/library';
  const put = (_state: unknown, _title: string, hash: string) => void (address = hash);
  vi.stubGlobal('location', { get hash() { return address; } }); // prettier-ignore
  vi.stubGlobal('history', { pushState: put, replaceState: put });
});
afterEach(() => void vi.unstubAllGlobals());

function studio() {
  const { client } = startService();
  const toasts = new Toasts();
  const navigation = new Navigation({ screen: 'library', path: [], query: {} });
  return {
    client,
    toasts,
    navigation,
    jobs: new Jobs(client, toasts),
    library: new Library(client, toasts),
    models: new Models(client, toasts),
    runs: new Runs(client, toasts),
    segmentations: new Segmentations(client, toasts, new ViewMemory(client, {})),
  };
}

function jobOf(spec: JobSpec, title: string): Job {
  return Job.parse({
    id: JobId.parse(1),
    spec,
    title,
    state: 'done',
    progress: null,
    error: null,
    isResumable: false,
    createdAtMs: 0,
    startedAtMs: 0,
    finishedAtMs: 1,
  });
}

const segmenting = jobOf({ kind: 'segment', segmentationId: SegmentationId.parse(4) }, 'Segment birds');

describe('what comes next', () => {
  test('is where a job put its results', async () => {
    const all = studio();
    await takeNextStep(all, segmenting);
    expect(address).toBe('#/masks/4');
    await takeNextStep(all, jobOf({ kind: 'pretrain', runId: RunId.parse(2) }, 'Pretrain birds'));
    expect(address).toBe('#/pretrain/2');
  });

  test('is the form of a segmentation after a scan, where there is none yet', async () => {
    const all = studio();
    await takeNextStep(all, jobOf({ kind: 'scan', collectionId: CollectionId.parse(3) }, 'Scan birds'));
    expect(address).toBe('#/masks/new?collection=3');
    all.navigation.go('library');
    startSegmenting(all, 7);
    expect(address).toBe('#/masks/new?collection=7');
  });

  test('after an error is what its hint says', async () => {
    const all = studio();
    await runErrorAction(all, { kind: 'show-devices' });
    expect(address).toBe('#/settings');
    await runErrorAction(all, { kind: 'extend-run', runId: RunId.parse(4), epochs: 20 });
    expect(address).toBe('#/pretrain/4');
    await runErrorAction(all, { kind: 'show-encoders' });
    expect(address).toBe('#/models/encoders');
    await runErrorAction(all, { kind: 'import-model' });
    expect(address).toBe('#/models');
    await runErrorAction(all, { kind: 'rescan', collectionId: CollectionId.parse(3) });
    expect(address).toBe('#/library/3');
    // There is no such collection: the failure is told, and nothing else happens.
    expect(all.toasts.shown).toHaveLength(1);
    await runErrorAction(all, { kind: 'pause-job', jobId: JobId.parse(9) });
    expect(all.toasts.shown).toHaveLength(1);
  });
});

test('a job is named in the language of the page, after what it works on, with the share that is done', () => {
  expect(jobTitle(segmenting)).toBe('Segmentation of birds');
  const spec = { kind: 'recut', segmentationId: SegmentationId.parse(1) } as const;
  expect(jobTitle({ spec, title: 'New foregrounds of cats of Rome' })).toBe(
    'New foregrounds of cats of Rome',
  );
  expect(fractionOf(segmenting)).toBeNull();
  const progress = {
    phase: 'finding-objects',
    done: 3,
    total: 12,
    unit: 'images',
    ratePerS: null,
    etaMs: null,
  };
  expect(fractionOf(Job.parse({ ...segmenting, state: 'running', progress }))).toBe(0.25);
});
