import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { createProgram } from '../../src-main/host/cli/program.ts';

const folder = join(import.meta.dirname, '../../resources/cluster');
const textOf = (name: string) => readFileSync(join(folder, name), 'utf8');

/** What of the job decides which shards are segmented, and where. */
const Job = z.object({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('Job'),
  spec: z.object({
    completionMode: z.literal('Indexed'),
    completions: z.number().int(),
    parallelism: z.number().int(),
    // Only pods that are never started again on their own may fail separately.
    backoffLimitPerIndex: z.number().int(),
    template: z.object({
      spec: z.object({
        restartPolicy: z.literal('Never'),
        securityContext: z.object({ runAsNonRoot: z.literal(true) }).loose(),
        containers: z.tuple([
          z.object({
            args: z.tuple([z.string()]),
            volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() }).loose()),
          }),
        ]),
        volumes: z.array(z.object({ name: z.string() }).loose()),
      }),
    }),
  }),
});

const Task = z.object({
  num_nodes: z.number().int(),
  file_mounts: z.record(z.string(), z.unknown()),
  setup: z.string(),
  run: z.string(),
});

const FILES = ['kubernetes-job.yaml', 'slurm-array.sh', 'skypilot-task.yaml'];

test.each(FILES)('%s uses only commands and options that exist', (name) => {
  const program = createProgram('0.0.0');
  const options = program.commands.flatMap((command) => [
    ...command.options,
    ...command.commands.flatMap((child) => child.options),
  ]);
  // Also over lines that end with a backslash.
  const calls = textOf(name)
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line) => /(?:r2o\}?|R2O:-r2o\}) (segment(?:ations merge)?\b.*)/.exec(line)?.[1] ?? []);
  expect(calls.length).toBeGreaterThan(1);
  for (const call of calls) {
    for (const [long] of call.matchAll(/(?<= )--[a-z-]+/g)) {
      expect(
        options.map((option) => option.long),
        call,
      ).toContain(long);
    }
  }
});

test('the job of Kubernetes divides as many shards as it plans, and every mount has its volume', () => {
  const { spec } = Job.parse(parse(textOf('kubernetes-job.yaml')));
  const planned = /--shards (\d+)/.exec(textOf('kubernetes-job.yaml'))?.[1];
  expect(Number(planned)).toBe(spec.completions);
  const [container] = spec.template.spec.containers;
  expect(container.args[0]).toContain('$JOB_COMPLETION_INDEX.sqlite');
  expect(container.volumeMounts.map(({ name }) => name).toSorted()).toEqual(
    spec.template.spec.volumes.map(({ name }) => name).toSorted(),
  );
});

test('the task of SkyPilot divides as many shards as it plans', () => {
  const task = Task.parse(parse(textOf('skypilot-task.yaml')));
  expect(Number(/--shards (\d+)/.exec(textOf('skypilot-task.yaml'))?.[1])).toBe(task.num_nodes);
  expect(Object.keys(task.file_mounts)).toEqual(['/shards', '/images']);
  for (const script of [task.setup, task.run]) execFileSync('bash', ['-n'], { input: script });
});

test('the script for Slurm is correct, and says what is missing', () => {
  const script = join(folder, 'slurm-array.sh');
  execFileSync('bash', ['-n', script]);
  const run = () => execFileSync('bash', [script], { env: { PATH: process.env.PATH }, stdio: 'pipe' });
  expect(run).toThrow('IMAGES: is the folder of the images');
});
