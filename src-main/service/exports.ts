import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { userError } from '../contract/errors.ts';
import type { Export, ExportFormat, ExportOptions } from '../contract/export.ts';
import type { DatasetVersionId, ExportId } from '../contract/ids.ts';
import type { Job } from '../contract/job.ts';
import { refuseOwnFolders } from '../jobs/output-files.ts';
import { givenPath } from '../domain/given-path.ts';
import type { Service } from './service.ts';

/** Exports as clients handle them. The worker writes them; here they are queued and looked up. */
export function exportHandlers(service: Service) {
  const { store, queue } = service;

  const get = (id: ExportId): Export => {
    const found = store.exports.get(id);
    if (found) return found;
    throw userError('no-export', { id });
  };

  return {
    get,

    start(versionId: DatasetVersionId, options: ExportOptions): { export: Export; job: Job } {
      const outPath = givenPath(options.outPath);
      refuseOwnFolders(service, outPath);
      const version = store.datasets.version(versionId);
      if (!version) throw userError('no-version', { id: versionId });
      const title = `Export ${version.datasetName} ${version.number} (${options.format})`;
      return store.together(() => {
        const id = store.exports.insert(version, { ...options, outPath }, service.nowMs());
        const job = queue.enqueue({ kind: 'export', exportId: id }, title);
        store.exports.setJob(id, job.id);
        return { export: get(id), job };
      });
    },

    /** In the user's home folder; numbered if the plain name is taken. */
    suggestPath(versionId: DatasetVersionId, format: ExportFormat): { path: string } {
      const version = store.datasets.version(versionId);
      if (!version) throw userError('no-version', { id: versionId });
      // Safe as a file's name on every system; a name of nothing but signs leaves the rest.
      const name = version.datasetName.replaceAll(/[^\p{L}\p{N}_-]+/gu, '-').slice(0, 60);
      const base = `${name}-${version.number}-${format}`;
      for (let number = 1; ; number++) {
        const file = `${base}${number === 1 ? '' : `-${number}`}${format === 'sqlite' ? '.sqlite' : ''}`;
        const path = join(homedir(), 'R2O exports', file);
        if (!existsSync(path)) return { path };
      }
    },

    ofVersion: (id: DatasetVersionId): Export[] => store.exports.ofVersion(id),
  };
}
