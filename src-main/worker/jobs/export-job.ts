import { NotedReader } from '../../core/image/noted-reader.ts';
import { formatOf } from '../../export/formats.ts';
import { ExportTarget, finishedResult } from '../../export/output-folder.ts';
import { writeExport } from '../../export/write-export.ts';
import type { JobContext } from './job-context.ts';
import type { WorkerJobOf } from '../protocol/job.ts';
import { JobStopped } from '../stop-signal.ts';

const REPORT_EVERY_MS = 50;

/**
 * Writes a dataset version to files. A paused or killed export continues with the images that it had copied and
 * writes its labels anew; a cancelled or failed one leaves nothing behind.
 */
export async function runExport(
  { plan, limits, readingFolder }: WorkerJobOf<'export'>,
  context: JobContext,
): Promise<void> {
  const { link, signal, cores } = context;
  const before = await finishedResult(plan);
  if (before) {
    await link.ask({ kind: 'export/finish', result: before });
    return;
  }
  const isFile = formatOf(plan.options.format).target === 'file';
  const target = await ExportTarget.open(plan, { isFile });
  const total = plan.counts.images;
  let reportedAtMs = -Infinity;
  const report = (done: number) => {
    // Images of some formats take a fraction of a millisecond: nobody wants to hear of each.
    if (done < total && performance.now() - reportedAtMs < REPORT_EVERY_MS) return;
    reportedAtMs = performance.now();
    link.report({ phase: 'writing-files', done, total, unit: 'images' });
  };
  report(0);
  try {
    const result = await writeExport({
      plan,
      limits,
      reader: NotedReader.takeUp(readingFolder),
      cores,
      signal,
      path: target.path,
      isResumed: target.isResumed,
      onProgress: report,
      nextNames: async (rootPath, afterId) =>
        (await link.ask({ kind: 'export/names', rootPath, afterId })).images,
      nextPage: async (afterId) => (await link.ask({ kind: 'export/page', afterId })).images,
    });
    await target.moveIntoPlace();
    await link.ask({ kind: 'export/finish', result });
  } catch (error) {
    const isPaused = error instanceof JobStopped && error.reason === 'pause';
    if (!isPaused) await target.discard();
    throw error;
  }
}
