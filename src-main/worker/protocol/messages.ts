import { z } from 'zod';
import { ErrorInfo, type UserError, userError } from '../../contract/errors.ts';
import { Ask } from './ask.ts';
import { Call, CallProgress } from './call.ts';
import { Outcome, ProgressReport, WorkerJob } from './job.ts';

/** The messages between the service process and a compute worker: all that jobs and worker know of each other. */

export const ToWorker = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), job: WorkerJob }),
  z.object({ type: z.literal('pause') }),
  z.object({ type: z.literal('cancel') }),
  z.object({ type: z.literal('answer'), seq: z.number(), answer: z.unknown() }),
  z.object({ type: z.literal('refusal'), seq: z.number(), error: ErrorInfo }),
  z.object({ type: z.literal('call'), seq: z.number(), call: Call }),
  /** Nobody waits for this call any longer; it has no answer. */
  z.object({ type: z.literal('cancel-call'), seq: z.number() }),
]);
export type ToWorker = z.infer<typeof ToWorker>;

export const FromWorker = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('heartbeat'), rssBytes: z.number() }),
  /** What to report if the process is ended from now on; null for nothing in particular. */
  z.object({ type: z.literal('last-words'), error: ErrorInfo.nullable() }),
  z.object({ type: z.literal('progress'), progress: ProgressReport }),
  z.object({ type: z.literal('ask'), seq: z.number(), ask: Ask }),
  z.object({ type: z.literal('outcome'), outcome: Outcome }),
  /** How far a long call is. */
  z.object({ type: z.literal('call-progress'), seq: z.number(), progress: CallProgress }),
  z.object({ type: z.literal('result'), seq: z.number(), result: z.unknown() }),
  z.object({
    type: z.literal('call-failed'),
    seq: z.number(),
    error: ErrorInfo,
    stack: z.string().nullable(),
  }),
]);
export type FromWorker = z.infer<typeof FromWorker>;

/**
 * Parses a message on its arrival.
 * @throws UserError WORKER_FAILED for one that does not fit: its sender and its reader are of different versions, or
 *   one of them has a bug
 */
export function parseMessage<T>(schema: z.ZodType<T>, raw: unknown): T {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = ['message', ...(issue?.path ?? [])].join('.');
  throw brokenProtocol(`its schema (${place}: ${issue?.message ?? 'unknown'})`, parsed.error);
}

/** The end of a conversation in which one side has said what the other cannot follow. */
export function brokenProtocol(expected: string, cause?: unknown): UserError {
  return userError('worker-misunderstood', { expected }, { cause });
}
