import { MessageChannel } from 'node:worker_threads';
import type { ForkWorker } from '../../src-main/jobs/worker-channel.ts';
import { startWorker } from '../../src-main/worker/worker.ts';

/**
 * The worker's own code in the process of the test. Messages are copied on their way, as between processes; what is
 * left out is the start of a process, and its death. For tests of what the service makes of a worker's answers; those
 * of a worker that crashes, hangs or is killed fork the built one.
 */
export const inProcessWorker: ForkWorker = () => {
  const { port1: toWorker, port2: toService } = new MessageChannel();
  const worker = startWorker({
    send: (message) => toService.postMessage(message),
    onMessage: (listener) => void toService.on('message', listener),
  });
  return {
    pid: undefined,
    send: (message) => toWorker.postMessage(message),
    onMessage: (listener) => void toWorker.on('message', listener),
    onExit: (listener) => void toWorker.once('close', () => listener({ code: null, signal: 'SIGKILL' })),
    kill: () => {
      worker[Symbol.dispose]();
      toWorker.close();
    },
  };
};
