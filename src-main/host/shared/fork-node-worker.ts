import { fork } from 'node:child_process';
import type { ForkWorker } from '../../jobs/worker-channel.ts';
import { workerEnvironment } from './worker-environment.ts';

/**
 * Forks workers as plain Node processes.
 * @param entry path of the built worker's entry file
 * @param onOutput takes what native libraries print on their own: it belongs in the log, not on the screen
 */
export function forkNodeWorker(entry: string, onOutput: (text: string) => void): ForkWorker {
  return (options = {}) => {
    const takeOutput = options.onOutput ?? onOutput;
    const child = fork(entry, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...workerEnvironment(), ...options.environment },
      execArgv: [],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => takeOutput(text.trimEnd()));
    }
    return {
      pid: child.pid,
      // A message to a process that has just died is lost with it; its exit is what counts.
      send: (message) => {
        if (child.connected) child.send(message, () => undefined);
      },
      onMessage: (listener) => void child.on('message', listener),
      onExit: (listener) => {
        child.once('exit', (code, signal) => listener({ code, signal }));
        child.once('error', (error) => listener({ code: null, signal: error.message }));
      },
      kill: () => void child.kill('SIGKILL'),
    };
  };
}
