/** Entry of a thread that samples and cuts images, several at a time. See segment-threads.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '../../contract/errors.ts';
import { joinSharpTurns } from '../../core/image/sharp-turns.ts';
import type { FeatureMap } from '../../core/segment/encoder.ts';
import type { EncoderInput } from '../../core/segment/frozen-encoder.ts';
import { maskOf } from '../../core/segment/head/reliability.ts';
import type { CollectionModel } from '../../core/segment/segment-image.ts';
import { ImageCutter } from './image-cutter.ts';
import type { FromSegmentThread, SegmentThreadData, Task, ToSegmentThread } from './segment-threads.ts';

const port = parentPort;
if (!port) throw new Error('segment-thread.ts is the entry of a thread');

// Set by SegmentThreads, the only one that starts this thread.
const { spec, rules, turns } = workerData as SegmentThreadData;
joinSharpTurns(turns);
const cutter = new ImageCutter(spec, rules && { rules, encode });
const encoding = new Map<number, PromiseWithResolvers<FeatureMap[]>>();
let encodings = 0;
let model: CollectionModel | undefined;

port.on('message', (message: ToSegmentThread) => {
  switch (message.type) {
    case 'model':
      model = message.model;
      return;
    case 'task':
      void answer(message.seq, message.task);
      return;
    case 'features':
      encoding.get(message.seq)?.resolve(message.features);
      encoding.delete(message.seq);
      return;
    default:
      message satisfies never;
  }
});

async function answer(seq: number, task: Task): Promise<void> {
  try {
    post({ type: 'result', seq, result: await resultOf(task) });
  } catch (error) {
    if (error instanceof UserError) post({ type: 'refusal', seq, error: error.toInfo() });
    else throw error;
  }
}

function resultOf(task: Task): Promise<unknown> {
  if (task.kind === 'ground') return cutter.ground(task.image);
  if (task.kind === 'sample') return cutter.sample(task.image, task.sample);
  if (task.kind === 'lesson') return cutter.lesson(task.image, task.sidePx);
  if (task.kind === 'correction') return cutter.correction(task.image, task.objects);
  if (task.kind === 'foreground') return Promise.resolve(maskOf(task.image));
  if (!model) throw new Error('images are segmented by a model, and none was given');
  return task.kind === 'file' ? cutter.file(task.image, task.first, model) : cutter.cut(task.image, model);
}

/** Asks the worker's main thread, which has the encoder. */
function encode(input: EncoderInput): Promise<FeatureMap[]> {
  const seq = encodings++;
  const waiting = Promise.withResolvers<FeatureMap[]>();
  encoding.set(seq, waiting);
  post({ type: 'encode', seq, input }, [input.pixels.buffer]);
  return waiting.promise;
}

function post(message: FromSegmentThread, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}
