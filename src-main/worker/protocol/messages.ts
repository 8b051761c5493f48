import { z } from 'zod';
import { ErrorInfo } from '../../contract/errors.ts';
import { Ask } from './ask.ts';
import { Call } from './call.ts';
import { Outcome, ProgressReport, WorkerJob } from './job.ts';

/** The messages between the service process and a compute worker: all that jobs and worker know of each other. */

export const ToWorker = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), job: WorkerJob }),
  z.object({ type: z.literal('pause') }),
  z.object({ type: z.literal('cancel') }),
  z.object({ type: z.literal('answer'), seq: z.number(), answer: z.unknown() }),
  z.object({ type: z.literal('refusal'), seq: z.number(), error: ErrorInfo }),
  z.object({ type: z.literal('call'), seq: z.number(), call: Call }),
]);
export type ToWorker = z.infer<typeof ToWorker>;

export const FromWorker = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('heartbeat'), rssBytes: z.number() }),
  z.object({ type: z.literal('progress'), progress: ProgressReport }),
  z.object({ type: z.literal('ask'), seq: z.number(), ask: Ask }),
  z.object({ type: z.literal('outcome'), outcome: Outcome }),
  z.object({ type: z.literal('result'), seq: z.number(), result: z.unknown() }),
  z.object({
    type: z.literal('call-failed'),
    seq: z.number(),
    error: ErrorInfo,
    stack: z.string().nullable(),
  }),
]);
export type FromWorker = z.infer<typeof FromWorker>;
