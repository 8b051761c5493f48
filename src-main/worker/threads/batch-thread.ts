/** Entry of a thread that prepares batches, so that the engine never waits for them. See threaded-batches.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '../../contract/errors.ts';
import { joinSharpTurns } from '../../core/image/sharp-turns.ts';
import { BatchMaker } from '../../core/train/batch-maker.ts';
import type { BatchReply, BatchThreadData } from './threaded-batches.ts';

const port = parentPort;
if (!port) throw new Error('batch-thread.ts is the entry of a thread');

// Set by ThreadedBatches, the only one that starts this thread.
const { spec, turns } = workerData as BatchThreadData;
joinSharpTurns(turns);
const maker = new BatchMaker(spec);

port.on('message', (step: number) => {
  void reply(step);
});

async function reply(step: number): Promise<void> {
  try {
    const batch = await maker.make(step);
    const pixels = [batch.views, batch.spanning, batch.boxes].map(({ buffer }) => buffer as ArrayBuffer);
    post({ step, batch }, pixels);
  } catch (error) {
    if (error instanceof UserError) post({ step, error: error.toInfo() });
    else throw error;
  }
}

function post(message: BatchReply, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}
