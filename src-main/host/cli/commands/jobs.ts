import type { Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import { JobId } from '../../../contract/ids.ts';
import type { Job } from '../../../contract/job.ts';
import { UserError } from '../../../contract/errors.ts';
import { followJob } from '../follow-job.ts';
import { commandLineHint } from '../error-hints.ts';
import { printable, table } from '../output.ts';
import { contextOf } from '../context.ts';
import { importLines, readImport, type ShownImport } from './import-lines.ts';

const JOBS_LISTED = 50;
const WHICH = 'job number, as shown by r2o jobs list';

export function addJobCommands(program: Command): void {
  const jobs = program
    .command('jobs')
    .description(
      'manage jobs, such as scans, pretraining runs and exports: list, show, pause, resume, cancel',
    );

  jobs
    .command('list', { isDefault: true })
    .description(`list the last ${JOBS_LISTED} jobs, newest first`)
    .action(async (_options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      const { items } = await withSession(({ client }) => client.jobs.page({ limit: JOBS_LISTED }));
      output.result(items, listLines);
    });

  jobs
    .command('show')
    .argument('<job>', WHICH)
    .description('show the state of a job, with its error and what to do about it')
    .action(async (which: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const job = await client.jobs.get({ id: parseJobId(which) });
        const shown = await withImport(client, job);
        output.result(shown, () => [...listLines([job]), ...errorOf(job), ...importOf(shown)]);
      });
    });

  jobs
    .command('resume')
    .argument('<job>', WHICH)
    .description(
      'resume a job that was paused, interrupted or cancelled, or that failed, from what it had saved',
    )
    .action(async (which: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const job = await client.jobs.resume({ id: parseJobId(which) });
        const ended = await withImport(client, await followJob(client, job.id));
        output.result(ended, () => [...listLines([ended]), ...importOf(ended)]);
      });
    });

  for (const verb of ['pause', 'cancel'] as const) {
    const what =
      verb === 'pause'
        ? 'pause a job; continue it with r2o jobs resume'
        : 'cancel a job; what it saved stays, and r2o jobs resume can still continue from there';
    jobs
      .command(verb)
      .argument('<job>', WHICH)
      .description(what)
      .action(async (which: string, _options: unknown, command: Command) => {
        const { output, withSession } = contextOf(command);
        const job = await withSession(({ client }) => client.jobs[verb]({ id: parseJobId(which) }));
        output.result(job, (shown) => listLines([shown]));
      });
  }
}

/** A job, and the import that it did, if it is one. */
type ShownJob = Job & { import?: ShownImport };

async function withImport(client: Client, job: Job): Promise<ShownJob> {
  if (job.spec.kind !== 'import') return job;
  return { ...job, import: await readImport(client, job.spec.importId) };
}

const importOf = ({ import: made }: ShownJob) => (made ? importLines(made) : []);

function parseJobId(text: string): JobId {
  const id = JobId.safeParse(Number(text));
  if (id.success) return id.data;
  throw new UserError('BAD_INPUT', `'${text}' is not a job number.`, { hint: 'See: r2o jobs list' });
}

function listLines(jobs: Job[]): string[] {
  if (jobs.length === 0) return ['No jobs yet.'];
  return table([
    ['ID', 'STATE', 'PROGRESS', 'CREATED', 'TITLE'],
    ...jobs.map((job) => [
      String(job.id),
      job.state,
      progressOf(job),
      new Date(job.createdAtMs).toISOString().slice(0, 19).replace('T', ' '),
      printable(job.title),
    ]),
  ]);
}

function progressOf({ progress }: Job): string {
  if (!progress) return '-';
  return progress.total === null ? `${progress.done}` : `${progress.done}/${progress.total}`;
}

function errorOf({ error, isResumable, id }: Job): string[] {
  if (!error) return [];
  const hint = commandLineHint(error);
  return [
    error.message,
    ...(hint === null ? [] : [hint]),
    ...(isResumable ? [`Resume it: r2o jobs resume ${id}`] : []),
  ];
}
