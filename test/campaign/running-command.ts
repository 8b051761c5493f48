import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** Nothing here takes this long, on a machine with ten times its load either: what does is stuck. */
const STUCK_MS = 900_000;
const launcher = join(import.meta.dirname, '../../resources/bin/r2o.mjs');

export type CommandEnd = { code: number | null; stdout: string; stderr: string };

/** One command on a data folder, as a group of processes that can be killed as a whole. */
export class RunningCommand {
  readonly ended: Promise<CommandEnd>;
  readonly #kill: () => void;

  /** @param prefix the program that starts it, with its options */
  constructor(dataFolder: string, args: readonly string[], prefix: readonly string[] = []) {
    const [program, ...rest] = [...prefix, process.execPath, launcher];
    const child = spawn(program, [...rest, '--data', dataFolder, ...args], { detached: true });
    const end: CommandEnd = { code: null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (end.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (end.stderr += text));
    this.#kill = () => killGroup(child.pid);
    this.ended = new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#kill();
        reject(new Error(`stuck: r2o ${args.join(' ')}\n${end.stderr}`));
      }, STUCK_MS);
      child.on('close', (code) => {
        clearTimeout(timer);
        resolve({ ...end, code });
      });
    });
  }

  kill(): void {
    this.#kill();
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

export function runCommand(
  dataFolder: string,
  args: readonly string[],
  prefix: readonly string[] = [],
): Promise<CommandEnd> {
  return new RunningCommand(dataFolder, args, prefix).ended;
}
