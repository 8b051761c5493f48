import type { Brightness } from '../contract/brightness.ts';
import type { Settings } from '../contract/settings.ts';
import type { DataLayout } from '../domain/data-layout.ts';
import type { WorkerJobOf } from '../worker/protocol/job.ts';

/** The limits of a person's settings and the rule of a collection, in the form that workers take. */
export function workerLimits(
  { maxPixels, maxFileBytes }: Settings,
  brightness?: Brightness,
): WorkerJobOf<'scan'>['limits'] {
  return { maxPixels, maxFileBytes, ...(brightness && { brightness }) };
}

export function workerCache(settings: Settings, { cache }: DataLayout): WorkerJobOf<'scan'>['cache'] {
  return {
    folder: cache,
    thumbnailBytes: settings.thumbnailCacheBytes,
    decodedBytes: settings.decodedCacheBytes,
  };
}
