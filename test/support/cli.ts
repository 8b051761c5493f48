import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** What starts the command line. */
export const launcher = join(import.meta.dirname, '../../resources/bin/r2o.mjs');

export type CliResult = { code: number | null; stdout: string; stderr: string };

/** `r2o` as a process of its own, on the given data folder, with more variables in its environment and options of Node. */
export function spawnCli(
  dataFolder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  nodeOptions: readonly string[] = [],
): ChildProcessWithoutNullStreams {
  return spawnProgram([...nodeOptions, launcher, '--data', dataFolder, ...args], { env });
}

/** A Node process, with more variables in its environment, that ends with the test at the latest. */
export function spawnProgram(
  args: readonly string[],
  { env, cwd }: { env: NodeJS.ProcessEnv; cwd?: string },
): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env } });
  child.stdout.setEncoding('utf8');
  child.stderr.setEncoding('utf8');
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Runs one command to its end. */
export function runCli(dataFolder: string, ...args: string[]): Promise<CliResult> {
  return resultOf(spawnCli(dataFolder, args));
}

export function resultOf(child: ChildProcessWithoutNullStreams): Promise<CliResult> {
  return new Promise((resolve) => {
    const result: CliResult = { code: null, stdout: '', stderr: '' };
    child.stdout.on('data', (text: string) => (result.stdout += text));
    child.stderr.on('data', (text: string) => (result.stderr += text));
    child.on('close', (code) => resolve({ ...result, code }));
  });
}

/** Resolves when the output matches; what was read until then goes to nobody else. */
export function waitForOutput(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (chunk: string) => {
      text += chunk;
      if (pattern.test(text)) resolve(text);
    });
    stream.on('end', () => reject(new Error(`the output ended without ${String(pattern)}:\n${text}`)));
  });
}
