import { userError } from '../contract/errors.ts';
import { freeName } from '../contract/free-name.ts';
import type { ModelId, RunId } from '../contract/ids.ts';
import type { MetricCurve, Run } from '../contract/run.ts';
import { ModelCard } from '../contract/model.ts';
import { weightsOf } from '../domain/model-weights.ts';
import { readingFolder, runFolder } from '../domain/data-layout.ts';
import type { AskOf, AsksOf } from '../worker/protocol/ask.ts';
import type { Store } from '../store/database.ts';
import type { JobEnvironment, JobKindHandler } from './job-kind.ts';
import { workerCache, workerLimits } from './worker-settings.ts';

/**
 * A step on a slow machine takes minutes, in which the worker hears and says nothing; and a worker that is to stop
 * first finishes its step and then writes its checkpoint.
 */
const LIMITS = { graceMs: 10 * 60_000, silenceMs: 30 * 60_000 };
/** Points of each curve that a model's card keeps. */
const CARD_POINTS = 200;

/** Pretraining: the worker trains, the store keeps curves, previews and where to resume. */
export function pretrainKind(environment: JobEnvironment): JobKindHandler<'pretrain'> {
  const { store, layout, nowMs, publish } = environment;

  const runOf = (id: RunId): Run => {
    const run = store.runs.get(id);
    if (run) return run;
    throw userError('run-removed', { id });
  };

  const save = (ask: AsksOf<'pretrain'>, run: Run): null => {
    switch (ask.kind) {
      case 'pretrain/begin':
        store.runs.setImageCount(run.id, ask);
        break;
      case 'pretrain/metrics':
        store.runs.saveMetrics(run.id, ask.points);
        store.runs.addSkipped(run.id, ask.skipped);
        break;
      case 'pretrain/preview':
        store.runs.savePreview({ runId: run.id, step: ask.step, images: ask.images });
        if (ask.bestStability !== null) {
          store.runs.setBest(run.id, { step: ask.step, stability: ask.bestStability });
        }
        break;
      case 'pretrain/checkpoint':
        store.runs.setCheckpoint(run.id, ask);
        break;
      case 'pretrain/model':
        publish({ type: 'model', modelId: keepModel(environment, run, ask) });
        if (ask.isFinished) store.runs.finish(run.id, nowMs());
        break;
      case 'pretrain/images':
        throw new Error('images are read, not saved');
      default:
        ask satisfies never;
    }
    publish({ type: 'run', runId: run.id });
    return null;
  };

  return {
    collectionOf: ({ runId }) => store.runs.get(runId)?.collectionId ?? null,
    limits: LIMITS,
    prepare: ({ runId, planTo = null }) => {
      const run = runOf(runId);
      const collection = run.collectionId === null ? undefined : store.collections.get(run.collectionId);
      if (!collection) {
        throw userError('run-collection-removed', { name: run.name });
      }
      const parent = run.parentModelId === null ? undefined : store.models.get(run.parentModelId);
      const settings = environment.settings();
      return {
        kind: 'pretrain',
        runId,
        rootPath: collection.rootPath,
        limits: workerLimits(settings, collection.brightness),
        cache: workerCache(settings, layout),
        config: run.config,
        device: run.device,
        readingFolder: readingFolder(layout.cache, `pretrain-${runId}`),
        runFolder: runFolder(layout, runId),
        modelsFolder: layout.models,
        modelPrefix: `run-${runId}`,
        checkpoint: store.runs.checkpoint(runId) ?? null,
        parent: parent ? weightsOf(parent, layout.models) : null,
        bestStability: run.best?.stability ?? null,
        tensorflowFolder: layout.tensorflow,
        torch: { folder: layout.torch, options: settings.torchOptions.split(' ').filter(Boolean) },
        planTo,
      };
    },
    answer: (ask, { spec: { runId } }) => {
      const run = runOf(runId);
      if (ask.kind !== 'pretrain/images') return save(ask, run);
      if (run.collectionId === null) return { images: [] };
      const { afterId, limit } = ask;
      return { images: store.images.usable({ collectionId: run.collectionId, afterId, limit }) };
    },
  };
}

/** A model for the encoder that a run ended with. A run that is stopped twice at one step keeps one. */
function keepModel({ store, nowMs }: JobEnvironment, run: Run, ask: AskOf<'pretrain/model'>): ModelId {
  const { file, sha256, architecture, step, isFinished } = ask;
  const ofRun = store.models.ofRun(run.id);
  const existing = ofRun.find((model) => model.file === file);
  if (existing) return existing.id;
  // A run that was extended ends more than once.
  const isFirstEnd = isFinished && ofRun.every(({ name }) => name !== run.name);
  const name = isFirstEnd ? run.name : `${run.name}, step ${step}`;
  return store.models.insert({
    name: freeName(name, store.models.list()),
    origin: 'run',
    architecture,
    file,
    sha256,
    runId: run.id,
    card: cardOf(store, run, step),
    createdAtMs: nowMs(),
  });
}

/** The card of a run's encoder after `step` steps. */
export function cardOf(store: Store, run: Run, step: number): ModelCard {
  const collection = run.collectionId === null ? undefined : store.collections.get(run.collectionId);
  const parent = run.parentModelId === null ? undefined : store.models.get(run.parentModelId);
  const curves: MetricCurve[] = store.runs.curves(run.id, { maxPoints: CARD_POINTS });
  return ModelCard.parse({
    viewPx: run.config.viewPx,
    batchesTracked: step,
    seed: run.config.seed,
    training: {
      collectionName: collection?.name ?? 'a removed collection',
      imageCount: run.imageCount,
      steps: step,
      preset: run.preset,
      config: run.config,
      seed: run.config.seed,
      startedFrom: parent?.name ?? null,
      device: run.device,
      curves,
    },
  });
}
