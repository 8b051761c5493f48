import { utilityProcess } from 'electron';
import type { ForkWorker } from '../../jobs/worker-channel.ts';
import { workerEntry } from '../shared/paths.ts';
import { workerEnvironment } from '../shared/worker-environment.ts';

/** Forks workers as Electron utility processes: a crash there never takes the window along. */
export const forkUtilityWorker: ForkWorker = ({ environment, onOutput } = {}) => {
  const child = utilityProcess.fork(workerEntry, [], {
    serviceName: 'R2O compute worker',
    env: { ...workerEnvironment(), ...environment },
    stdio: onOutput ? 'pipe' : 'inherit',
  });
  if (onOutput) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data: Buffer) => onOutput(data.toString('utf8').trimEnd()));
    }
  }
  return {
    pid: child.pid,
    send: (message) => child.postMessage(message),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void child.once('exit', (code) => listener({ code, signal: null })),
    kill: () => {
      // Electron's kill() asks politely (SIGTERM); a worker stuck in native code would not hear it.
      if (child.pid !== undefined) process.kill(child.pid, 'SIGKILL');
    },
  };
};
