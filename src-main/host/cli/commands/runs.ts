import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import type { RunId } from '../../../contract/ids.ts';
import type { Job } from '../../../contract/job.ts';
import type { MetricCurve, Run } from '../../../contract/run.ts';
import { shownStateOfRun } from '../../../contract/shown-state.ts';
import { confirmRemoval, findNamed } from '../find-named.ts';
import { Cancelled, followJob } from '../follow-job.ts';
import { countText, printable, table, type Output } from '../output.ts';
import { contextOf } from '../context.ts';
import { stateText } from '../state-text.ts';
import { wholeNumber } from '../whole-number.ts';
import { planRun } from './plan-run.ts';

const KIND = { one: 'run', many: 'runs', listCommand: 'r2o runs list' };
const WHICH = 'number or name of a pretraining run, as shown by r2o runs list';
/** Values of a curve that are shown in a terminal. */
const CURVE_POINTS = 8;

export function addRunCommands(program: Command): void {
  const runs = program
    .command('runs')
    .description(
      'manage pretraining runs: list, show, resume, take, extend, previews, keep-best, rename, remove',
    );
  addReading(runs);
  addGoingOn(runs);
  addKeeping(runs);
}

function addReading(runs: Command): void {
  runs
    .command('list', { isDefault: true })
    .description('list the pretraining runs, newest first')
    .action(async (_options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      output.result(await withSession(({ client }) => client.runs.list({})), listLines);
    });

  runs
    .command('show')
    .argument('<run>', WHICH)
    .description('show the progress of a pretraining run, its settings and its curves')
    .action(async (which: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const run = await findRun(client, which);
        const curves = await client.runs.curves({ id: run.id, maxPoints: CURVE_POINTS });
        output.result({ ...run, curves }, (shown) => [...runLines(shown), '', ...curveLines(shown.curves)]);
      });
    });

  runs
    .command('previews')
    .argument('<run>', WHICH)
    .requiredOption('--out <file>', 'PNG file to write')
    .option(
      '--columns <n>',
      'maximum number of previews next to each other, spread evenly over the run',
      '12',
    )
    .option('--force', 'overwrite an existing file')
    .description(
      'write one picture of how the regions developed: one row per preview image, one column per preview',
    )
    .action(
      async (which: string, options: { out: string; columns: string; force?: boolean }, command: Command) => {
        const { output, withSession } = contextOf(command);
        await withSession(async ({ client }) => {
          const { id } = await findRun(client, which);
          const maxColumns = wholeNumber(options.columns, '--columns');
          const overwrite = options.force === true;
          const path = resolve(options.out);
          const written = await client.runs.writePreviews({ id, path, maxColumns, overwrite });
          output.result(written, ({ path }) => [`Wrote ${path}`]);
        });
      },
    );
}

function addGoingOn(runs: Command): void {
  runs
    .command('resume')
    .argument('<run>', WHICH)
    .option(
      '--device <id>',
      'continue on this device (see r2o devices) instead of the one it started on; results then differ in the last digits',
    )
    .option('--plan-to <folder>', 'write all that PyTorch needs to resume it into a new folder instead')
    .description('resume a stopped pretraining run from its last checkpoint')
    .action(async (which: string, options: { device?: string; planTo?: string }, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findRun(client, which);
        const { planTo, ...others } = options;
        if (planTo !== undefined) {
          await planRun(client, () => client.runs.resume({ id, ...others, planTo: resolve(planTo) }), {
            output,
            planTo,
          });
          return;
        }
        await followRun(client, await client.runs.resume({ id, ...others }), output);
      });
    });

  runs
    .command('take')
    .argument('<run>', WHICH)
    .argument('<file>', 'checkpoint that r2o_torch has written')
    .description('take over what PyTorch has trained of a run, to resume from there')
    .action(async (which: string, file: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findRun(client, which);
        output.result(await client.runs.take({ id, path: resolve(file) }), (run) => [
          ...runLines(run),
          `  Resume it with: r2o runs resume ${id}`,
        ]);
      });
    });

  runs
    .command('extend')
    .argument('<run>', WHICH)
    .requiredOption('--epochs <n>', 'total number of epochs, including those already done')
    .description(
      'train longer than planned, and keep another model at the end; the schedules, such as those of learning rate and K, stretch to the new length',
    )
    .action(async (which: string, options: { epochs: string }, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findRun(client, which);
        const epochs = wholeNumber(options.epochs, '--epochs');
        await followRun(client, await client.runs.extend({ id, epochs }), output);
      });
    });
}

function addKeeping(runs: Command): void {
  runs
    .command('keep-best')
    .argument('<run>', WHICH)
    .description('keep the encoder of the most stable preview as a separate model')
    .action(async (which: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findRun(client, which);
        output.result(await client.runs.keepBest({ id }), (model) => [`Model ${model.id} '${model.name}'`]);
      });
    });

  runs
    .command('rename')
    .argument('<run>', WHICH)
    .argument('<name>', 'new name')
    .description('rename a pretraining run; its models keep their names')
    .action(async (which: string, name: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findRun(client, which);
        output.result(await client.runs.rename({ id, name }), runLines);
      });
    });

  runs
    .command('remove')
    .argument('<run>', WHICH)
    .option('--yes', 'do not ask for confirmation')
    .description('delete a pretraining run with its checkpoints, curves and previews; its models stay')
    .action(async (which: string, options: { yes?: boolean }, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const run = await findRun(client, which);
        const question = `Delete the checkpoints, curves and previews of '${run.name}'? Its models stay.`;
        if (options.yes !== true) await confirmRemoval(run.name, question);
        await client.runs.remove({ id: run.id });
        output.result({ removed: run.id }, () => [`Removed run ${run.id} '${printable(run.name)}'.`]);
      });
    });
}

async function findRun(client: Client, which: string): Promise<Run> {
  return findNamed(await client.runs.list({}), which, KIND);
}

function listLines(runs: Run[]): string[] {
  if (runs.length === 0) return ['No pretraining runs yet. Start one with: r2o pretrain <collection>'];
  return table([
    ['ID', 'NAME', 'STATE', 'STEPS', 'IMAGES', 'ENCODER', 'DEVICE'],
    ...runs.map((run) => [
      String(run.id),
      printable(run.name),
      stateText(shownStateOfRun(run), ''),
      `${run.step}/${run.totalSteps}`,
      String(run.imageCount),
      `${run.config.encoder}, ${run.config.viewPx} px`,
      run.device,
    ]),
  ]);
}

/**
 * Shows a run until its job ends, and then how it ended; if Ctrl-C stopped it, also how to resume it.
 * @throws as `followJob`
 */
export async function followRun(
  client: Client,
  { run, job }: { run: Run; job: Job },
  output: Output,
): Promise<void> {
  try {
    await followJob(client, job.id);
  } catch (error) {
    if (error instanceof Cancelled) for (const line of await stoppedLines(client, run.id)) output.note(line);
    throw error;
  }
  output.result(await client.runs.get({ id: run.id }), runLines);
}

async function stoppedLines(client: Client, id: RunId): Promise<string[]> {
  const { step, totalSteps } = await client.runs.get({ id });
  const model = (await client.models.list()).find(({ runId }) => runId === id);
  return [
    `Stopped after step ${step} of ${totalSteps}.${model ? ` What it learned is model ${model.id} '${printable(model.name)}'.` : ''}`,
    `Resume with: r2o runs resume ${id}`,
  ];
}

/** A run as lines of text. */
function runLines(run: Run): string[] {
  const { id, name, preset, step, totalSteps, imageCount, config, device, best, skippedImages } = run;
  return [
    `Run ${id} '${printable(name)}': ${stateText(shownStateOfRun(run), 'never started')}, step ${step} of ${totalSteps}`,
    `  preset ${preset}: ${config.encoder} at ${config.viewPx} px, ${countText(imageCount, 'image')}, ${config.epochs} epochs of ${config.batchSize} per step, on ${device}`,
    ...(best ? [`  most stable preview: step ${best.step}, ${best.stability.toFixed(3)}`] : []),
    ...(skippedImages.length > 0 ? [`  continued without ${countText(skippedImages.length, 'image')}:`] : []),
    ...skippedImages.slice(0, 5).map(({ relPath, detail }) => `    ${printable(relPath)}: ${detail}`),
  ];
}

function curveLines(curves: readonly MetricCurve[]): string[] {
  return curves.map(({ name, points }) => {
    const values = points.map(([, value]) => value.toPrecision(3)).join('  ');
    return `  ${name.padEnd(16)}${values}`;
  });
}
