import { copyFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bestEncoderFile, cacheEntry, cachePlace, modelFile, runFolder } from '../domain/data-layout.ts';
import { pictureKey } from '../domain/picture-key.ts';
import { phrase } from '../contract/error-texts/error-text.ts';
import { userError, userErrorFromInfo } from '../contract/errors.ts';
import { torchDeviceOf } from '../domain/torch-device.ts';
import { givenPath } from '../domain/given-path.ts';
import { freeName } from '../contract/free-name.ts';
import { ContentHash, type CollectionId, type ModelId, type RunId } from '../contract/ids.ts';
import type { Job } from '../contract/job.ts';
import { isOpen, isResumable, isUnderWay } from '../contract/job-state.ts';
import type { Model } from '../contract/model.ts';
import type { PresetName, PretrainOverrides, PretrainPlan } from '../contract/pretrain.ts';
import type { Run } from '../contract/run.ts';
import { cardOf } from '../jobs/pretrain-kind.ts';
import { readIfThere } from './cached-file.ts';
import { fileDigest } from './file-hash.ts';
import { outputFile, requirePictureEnding } from '../jobs/output-files.ts';
import type { Service } from './service.ts';
import { emptyFolder, takeCheckpoint } from './torch-runs.ts';
import { makeFolder } from '../domain/make-folder.ts';

type Request = {
  collectionId: CollectionId;
  preset: PresetName;
  overrides: PretrainOverrides;
  device?: string | undefined;
};

type StartRequest = Request & {
  name?: string | undefined;
  fromModelId?: ModelId | undefined;
  planTo?: string | undefined;
};

type ResumeRequest = { id: RunId; device?: string | undefined; planTo?: string | undefined };

/** Pretrainings as clients handle them: runs in the store, jobs that train them, models that result. */
export function runHandlers(service: Service) {
  const { store, queue, calls, layout } = service;

  const get = (id: RunId): Run => {
    const run = store.runs.get(id);
    if (run) return queue.current(run);
    throw userError('no-run', { id });
  };

  const list = (collectionId: CollectionId | undefined): Run[] =>
    store.runs.list(collectionId).map((run) => queue.current(run));

  const announce = (id: RunId): Run => {
    service.publish({ type: 'run', runId: id });
    return get(id);
  };

  const plan = async ({ collectionId, preset, overrides, device }: Request): Promise<PretrainPlan> => {
    const collection = store.collections.get(collectionId);
    if (!collection) {
      throw userError('no-collection', { id: collectionId });
    }
    const { id, gflops, memoryBytes } = await service.chooseDevice(device);
    const { usable, duplicates } = collection.counts;
    const imageCount = usable - duplicates - store.lookAlikes.hiddenContents(collectionId);
    return calls.call({
      kind: 'plan-pretraining',
      preset,
      overrides,
      imageCount,
      device: id,
      gflops,
      memoryBytes,
    });
  };

  /** @param planTo where what PyTorch needs is written, instead of training */
  const queueNew = (run: Run, planTo?: string): { run: Run; job: Job } => {
    const spec = { kind: 'pretrain', runId: run.id, ...(planTo !== undefined && { planTo }) } as const;
    return keepJob(run, queue.enqueue(spec, `Pretrain ${run.name}`));
  };

  /** Queues the run's job: the existing one if it can be resumed. */
  const queueJob = (run: Run, planTo?: string): { run: Run; job: Job } =>
    run.jobId !== null && run.state !== null && isResumable(run.state)
      ? keepJob(run, queue.resume(run.jobId))
      : queueNew(run, planTo);

  const keepJob = ({ id }: Run, job: Job): { run: Run; job: Job } => {
    store.runs.setJob(id, job.id);
    return { run: announce(id), job };
  };

  const refuseActive = (run: Run): void => {
    if (run.state === null || !isUnderWay(run.state)) return;
    throw userError(
      'run-active',
      { name: run.name, state: phrase(run.state) },
      run.jobId === null ? {} : { action: { kind: 'pause-job', jobId: run.jobId } },
    );
  };

  return {
    get,
    list,
    plan,

    async start(input: StartRequest) {
      const planTo = input.planTo === undefined ? undefined : emptyFolder(service, input.planTo);
      const planned = await plan(input);
      if (planned.refusal) throw userErrorFromInfo(planned.refusal);
      if (planTo !== undefined) refuseMasks(planned.config);
      refuseMasksOn(planned.device, planned.config);
      if (input.fromModelId !== undefined && !store.models.get(input.fromModelId)) {
        throw userError('no-model', { id: input.fromModelId });
      }
      const collection = store.collections.get(input.collectionId);
      const run = {
        collectionId: input.collectionId,
        parentModelId: input.fromModelId ?? null,
        name:
          input.name ?? freeName(`${collection?.name ?? 'collection'}, ${input.preset}`, store.runs.list()),
        preset: input.preset,
        config: planned.config,
        device: planned.device,
        imageCount: planned.imageCount,
        totalSteps: planned.totalSteps,
        createdAtMs: service.nowMs(),
      };
      return store.together(() => queueJob(get(store.runs.insert(run)), planTo));
    },

    async resume({ id, device, planTo }: ResumeRequest) {
      const folder = planTo === undefined ? undefined : emptyFolder(service, planTo);
      const run = get(id);
      refuseActive(run);
      if (folder !== undefined) refuseMasks(run.config);
      // One that was only planned has trained nothing.
      if (run.state === 'done' && run.finishedAtMs !== null) {
        throw userError(
          'run-done',
          { name: run.name },
          { action: { kind: 'extend-run', runId: id, epochs: 2 * run.config.epochs } },
        );
      }
      refuseMasksOn(device ?? run.device, run.config);
      if (device !== undefined) store.runs.setDevice(id, (await service.chooseDevice(device)).id);
      // A job that was stopped would train.
      if (folder !== undefined && run.jobId !== null && run.state !== null && isResumable(run.state)) {
        queue.cancel(run.jobId);
        return queueNew(get(id), folder);
      }
      return queueJob(get(id), folder);
    },

    /**
     * Takes over what PyTorch has trained of a run: from then on, it resumes from there.
     * @throws UserError WRONG_STATE while its job runs; CHECKPOINT_DAMAGED
     */
    async take({ id, path }: { id: RunId; path: string }): Promise<Run> {
      refuseActive(get(id));
      await takeCheckpoint(service, get(id), givenPath(path));
      // The job that planned it has nothing more to say of it; one that was stopped can be resumed.
      if (get(id).state === 'done') store.runs.setJob(id, null);
      return announce(id);
    },

    extend({ id, epochs }: { id: RunId; epochs: number }) {
      const run = get(id);
      refuseActive(run);
      const stepsDone = run.checkpointStep ?? 0;
      const totalSteps = Math.round((run.totalSteps / run.config.epochs) * epochs);
      if (totalSteps <= stepsDone) {
        throw userError('run-too-short', {
          name: run.name,
          stepsDone,
          epochs,
          totalSteps,
          leastEpochs: Math.ceil((stepsDone / run.totalSteps) * run.config.epochs),
        });
      }
      store.runs.setPlan(id, { config: stretched(run.config, epochs), totalSteps });
      return queueJob(get(id));
    },

    async writePreviews(input: { id: RunId; path: string; maxColumns: number; overwrite: boolean }) {
      const out = outputFile(service, input.path, input);
      requirePictureEnding(out);
      const { id, maxColumns } = input;
      const run = get(id);
      const { steps, images } = store.runs.previews(id);
      if (steps.length === 0) {
        throw userError('run-without-previews', { name: run.name });
      }
      await makeFolder(dirname(out));
      const shown = thinned(steps, maxColumns);
      const collection = run.collectionId === null ? undefined : store.collections.get(run.collectionId);
      const rows = await Promise.all(
        images.map(async ({ imageId, contentHash }) => {
          const photo = await readIfThere(
            cacheEntry(
              cachePlace(layout.cache, 'thumbnails'),
              pictureKey(contentHash, collection?.brightness),
            ),
          );
          const maps = shown.flatMap((step) => store.runs.previewPng(id, step, imageId) ?? []);
          return [...(photo ? [photo] : []), ...maps];
        }),
      );
      await calls.call({ kind: 'write-preview-strip', out, rows });
      return { path: out };
    },

    /** The worker keeps the encoder of the best preview in the run's folder; a model gets its own copy. */
    async keepBest({ id, name }: { id: RunId; name?: string | undefined }): Promise<Model> {
      const run = get(id);
      if (!run.best) {
        throw userError('run-without-best', { name: run.name });
      }
      const { step } = run.best;
      const file = `run-${id}-best-${step}.safetensors`;
      const existing = store.models.ofRun(id).find((model) => model.file === file);
      if (existing) return existing;
      const path = modelFile(layout.models, file);
      await copyFile(bestEncoderFile(runFolder(layout, id)), path);
      const sha256 = ContentHash.parse((await fileDigest(path)).toString('hex'));
      const modelId = store.models.insert({
        name: name ?? freeName(`${run.name}, best preview (step ${step})`, store.models.list()),
        origin: 'run',
        architecture: run.config.encoder,
        file,
        sha256,
        runId: id,
        card: cardOf(store, run, step),
        createdAtMs: service.nowMs(),
      });
      service.publish({ type: 'model', modelId });
      const model = store.models.get(modelId);
      if (!model) throw new Error(`model ${modelId} was not kept`);
      return model;
    },

    rename(id: RunId, name: string): Run {
      get(id);
      store.runs.rename(id, name);
      return announce(id);
    },

    async remove(id: RunId): Promise<null> {
      const { jobId, state } = get(id);
      if (jobId !== null && state !== null && isOpen(state)) await queue.cancelAndWait(jobId);
      store.runs.remove(id);
      service.publish({ type: 'run-removed', runId: id });
      await rm(runFolder(layout, id), { recursive: true, force: true });
      return null;
    },
  };
}

/** PyTorch learns from regions only. @throws UserError BAD_INPUT */
function refuseMasks({ objective }: Run['config']): void {
  if (objective === 'masks') throw userError('plan-of-masks');
}

/** @throws UserError BAD_INPUT for such a run on a device of PyTorch */
function refuseMasksOn(device: string, { objective }: Run['config']): void {
  if (objective === 'masks' && torchDeviceOf(device)) throw userError('torch-only-pretrains', { device });
}

/** The same run over another number of epochs: what is tied to epochs stretches with them. */
function stretched(config: Run['config'], epochs: number): Run['config'] {
  const factor = epochs / config.epochs;
  const { kSchedule } = config;
  const starts = kSchedule.epochs.map((epoch) =>
    epoch <= 1 ? epoch : Math.max(2, Math.round(epoch * factor)),
  );
  return { ...config, epochs, kSchedule: { ...kSchedule, epochs: starts } };
}

/** At most `count` of the steps, evenly, the first and the last among them. */
function thinned(steps: readonly number[], count: number): number[] {
  if (steps.length <= count) return [...steps];
  const picked = Array.from({ length: count }, (_, index) =>
    Math.round((index * (steps.length - 1)) / Math.max(count - 1, 1)),
  );
  return [...new Set(picked)].flatMap((index) => steps[index] ?? []);
}
