import { availableParallelism } from 'node:os';
import { toErrorInfo, UserError, type ErrorInfo } from '../contract/errors.ts';
import type { JobKind } from '../contract/job.ts';
import type { CallContext } from './calls/call-context.ts';
import { CallResults, type Call, type CallProgress } from './protocol/call.ts';
import type { Outcome, WorkerJob, WorkerJobOf } from './protocol/job.ts';
import { parseMessage, ToWorker, type FromWorker } from './protocol/messages.ts';
import type { JobContext } from './jobs/job-context.ts';
import { memoryWatch } from './memory-watch.ts';
import { ServiceLink } from './service-link.ts';
import { JobStopped } from './stop-signal.ts';

const HEARTBEAT_MS = 1_000;

/** The pipe to the service process, whichever way the worker was forked. */
export type WorkerPort = {
  send: (message: FromWorker) => void;
  onMessage: (listener: (message: unknown) => void) => void;
};

/**
 * Serves one service process over `port`: runs the job it sends, answers its calls.
 * @returns what ends its heartbeat, for a worker that shares its process
 */
export function startWorker(port: WorkerPort): Disposable {
  const link = new ServiceLink(port.send);
  const stop = new AbortController();
  const callStops = new Map<number, AbortController>();

  const runJob = async (job: WorkerJob) => {
    const outcome = await outcomeOf(() =>
      codeOf(job)(job, { link, signal: stop.signal, cores: availableParallelism() }),
    );
    port.send({ type: 'outcome', outcome });
  };

  const runCall = async (seq: number, call: Call) => {
    const cancel = new AbortController();
    callStops.set(seq, cancel);
    const report = (progress: CallProgress) => port.send({ type: 'call-progress', seq, progress });
    const answer = await answerTo(seq, call, { signal: cancel.signal, report });
    callStops.delete(seq);
    if (!cancel.signal.aborted) port.send(answer);
  };

  const receive = (raw: unknown) => {
    const message = parseMessage(ToWorker, raw);
    switch (message.type) {
      case 'start':
        void runJob(message.job);
        return;
      case 'pause':
      case 'cancel':
        stop.abort(new JobStopped(message.type));
        return;
      case 'answer':
        link.settle(message.seq, message.answer);
        return;
      case 'refusal':
        link.refuse(message.seq, message.error);
        return;
      case 'call':
        void runCall(message.seq, message.call);
        return;
      case 'cancel-call':
        callStops.get(message.seq)?.abort();
        return;
      default:
        message satisfies never;
    }
  };
  port.onMessage((raw) => {
    try {
      receive(raw);
    } catch (error) {
      // Without this message, nobody knows what the service still waits for.
      port.send({ type: 'outcome', outcome: { state: 'failed', ...describeError(error) } });
    }
  });

  const heartbeat = setInterval(() => {
    port.send({ type: 'heartbeat', rssBytes: process.memoryUsage.rss() });
  }, HEARTBEAT_MS);
  memoryWatch.announceBy((error) => port.send({ type: 'last-words', error }));
  port.send({ type: 'ready' });
  return { [Symbol.dispose]: () => clearInterval(heartbeat) };
}

/**
 * The code of each kind of job. Native modules are loaded with the work that needs them: a worker starts
 * fast, and one broken module does not keep the others from being probed.
 */
const JOBS: { [K in JobKind]: (job: WorkerJobOf<K>, context: JobContext) => Promise<void> } = {
  scan: async (...args) => (await import('./jobs/scan-job.ts')).runScan(...args),
  export: async (...args) => (await import('./jobs/export-job.ts')).runExport(...args),
  import: async (...args) => (await import('./jobs/import-job.ts')).runImport(...args),
  pretrain: async (...args) => (await import('./jobs/pretrain-job.ts')).runPretraining(...args),
  segment: async (...args) => (await import('./jobs/segment-job.ts')).runSegmentation(...args),
  compare: async (...args) => (await import('./jobs/compare-job.ts')).runComparison(...args),
  map: async (...args) => (await import('./jobs/map-job.ts')).runMap(...args),
  recut: async (...args) => (await import('./jobs/recut-job.ts')).runRecut(...args),
  describe: async (...args) => (await import('./jobs/describe-job.ts')).runDescription(...args),
};

function codeOf<J extends WorkerJob>(job: J): (job: J, context: JobContext) => Promise<void> {
  // The entry of the job's own kind; TypeScript cannot follow two unions at once.
  return JOBS[job.kind] as (job: J, context: JobContext) => Promise<void>;
}

async function resultOf(call: Call, context: CallContext): Promise<unknown> {
  switch (call.kind) {
    case 'render': {
      const { renderImage } = await import('./calls/render-call.ts');
      return renderImage(call);
    }
    case 'make-scenes': {
      const { writeScenes } = await import('../core/image/scenes.ts');
      await writeScenes(call.folder, call);
      return null;
    }
    case 'import-encoder': {
      const { importToFolder } = await import('./calls/weights-calls.ts');
      return importToFolder(call);
    }
    case 'inspect-encoder': {
      const { inspectFile } = await import('./calls/weights-calls.ts');
      return inspectFile(call);
    }
    case 'export-encoder': {
      const { exportToFile } = await import('./calls/weights-calls.ts');
      return exportToFile(call);
    }
    case 'probe': {
      const { probeMachine } = await import('./calls/probe-call.ts');
      return probeMachine(call);
    }
    case 'open-webgpu': {
      const { opensWebGpu } = await import('../core/compile/devices/open-webgpu.ts');
      return opensWebGpu();
    }
    case 'plan-pretraining': {
      const { planPretraining } = await import('./calls/plan-call.ts');
      return planPretraining(call);
    }
    case 'unpack-truth': {
      const { unpackTruth } = await import('./calls/truth-files.ts');
      return unpackTruth(call);
    }
    case 'score-masks': {
      const { scoreMasks } = await import('./calls/evaluate-call.ts');
      return scoreMasks(call);
    }
    case 'measure-mask': {
      const { measureMask } = await import('./calls/mask-calls.ts');
      return measureMask(call);
    }
    case 'render-crop': {
      const { renderCrop } = await import('./calls/crop-call.ts');
      return renderCrop(call);
    }
    case 'segment-clicks': {
      const { segmentClicks } = await import('./calls/click-call.ts');
      return segmentClicks(call);
    }
    case 'merge-masks': {
      const { mergeMasks } = await import('./calls/mask-calls.ts');
      return mergeMasks(call);
    }
    case 'find-overlaps': {
      const { findOverlaps } = await import('./calls/mask-calls.ts');
      return findOverlaps(call);
    }
    case 'split-mask': {
      const { splitMask } = await import('./calls/mask-calls.ts');
      return splitMask(call);
    }
    case 'render-drawn': {
      const { renderDrawn } = await import('./calls/drawn-call.ts');
      return renderDrawn(call);
    }
    case 'draw-sheet': {
      const { drawSheet } = await import('./calls/sheet-call.ts');
      await drawSheet(call);
      return null;
    }
    case 'draw-heat': {
      const { drawHeat } = await import('./calls/head-calls.ts');
      return drawHeat(call);
    }
    case 'write-heat': {
      const { writeHeat } = await import('./calls/head-calls.ts');
      await writeHeat(call);
      return null;
    }
    case 'export-head': {
      const { exportHeadToFile } = await import('./calls/head-calls.ts');
      return exportHeadToFile(call);
    }
    case 'list-lessons': {
      const { listLessons } = await import('./calls/head-calls.ts');
      return listLessons(call);
    }
    case 'predict-decisions': {
      const { predictDecisions } = await import('./calls/propose-call.ts');
      return predictDecisions(call, context);
    }
    case 'plan-review': {
      const { planNextReview } = await import('./calls/review-call.ts');
      return planNextReview(call, context);
    }
    case 'check-health': {
      const { checkSegmentation } = await import('./calls/health-call.ts');
      return checkSegmentation(call, context);
    }
    case 'find-similar': {
      const { findSimilar } = await import('./calls/similar-call.ts');
      return findSimilar(call);
    }
    case 'write-map': {
      const { writeMap } = await import('./calls/map-call.ts');
      await writeMap(call);
      return null;
    }
    case 'write-preview-strip': {
      const { writePreviewStrip } = await import('./calls/preview-strip-call.ts');
      await writePreviewStrip(call);
      return null;
    }
  }
}

async function outcomeOf(run: () => Promise<void>): Promise<Outcome> {
  try {
    await run();
    return { state: 'done' };
  } catch (error) {
    if (error instanceof JobStopped) return { state: error.reason === 'pause' ? 'paused' : 'cancelled' };
    return { state: 'failed', ...describeError(error) };
  }
}

async function answerTo(seq: number, call: Call, context: CallContext): Promise<FromWorker> {
  try {
    const result = CallResults[call.kind].parse(await resultOf(call, context));
    return { type: 'result', seq, result };
  } catch (error) {
    return { type: 'call-failed', seq, ...describeError(error) };
  }
}

/** A user error as it is; anything else as an internal error, with the stack for the log. */
function describeError(thrown: unknown): { error: ErrorInfo; stack: string | null } {
  const error = toErrorInfo(thrown);
  if (thrown instanceof UserError) return { error, stack: null };
  return { error, stack: (thrown instanceof Error ? thrown.stack : undefined) ?? error.message };
}
