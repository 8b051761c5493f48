/**
 * Entry of the compute process. It is started as an Electron utility process or as a forked Node process;
 * both give it one channel to the service, and it ends when that channel closes.
 */
import { startWorker, type WorkerPort } from './worker.ts';

type MessageEventLike = { data: unknown };

/** Electron's `process.parentPort`, as far as it is used here; absent under plain Node. */
type ParentPort = {
  postMessage: (message: unknown) => void;
  on: (event: 'message', listener: (event: MessageEventLike) => void) => void;
};

function portToService(): WorkerPort {
  const parentPort = electronParentPort();
  if (parentPort) {
    return {
      send: (message) => parentPort.postMessage(message),
      onMessage: (listener) => parentPort.on('message', (event) => listener(event.data)),
    };
  }
  if (!process.send) {
    throw new Error('The worker has no service to talk to: R2O Studio starts it; it cannot be run directly.');
  }
  // A terminal sends Ctrl-C, and its end, to every process in it; what to do about a job is for the service to decide.
  for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => undefined);
  // A worker without its service can no longer save anything.
  process.on('disconnect', () => process.exit(0));
  return {
    // An undeliverable message means that the service is gone, and then 'disconnect' ends this process.
    send: (message) => void process.send?.(message, undefined, undefined, () => undefined),
    onMessage: (listener) => void process.on('message', listener),
  };
}

function electronParentPort(): ParentPort | undefined {
  // Only Electron's utility process defines parentPort, with this shape (Electron documentation).
  return (process as { parentPort?: ParentPort }).parentPort;
}

startWorker(portToService());
