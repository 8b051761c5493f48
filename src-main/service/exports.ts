import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { UserError } from '../contract/errors.ts';
import type { Export, ExportFormat, ExportOptions } from '../contract/export.ts';
import type { DatasetVersionId, ExportId } from '../contract/ids.ts';
import type { Job } from '../contract/job.ts';
import type { Service } from './service.ts';

/** Exports as clients handle them. The worker writes them; here they are queued and looked up. */
export function exportHandlers(service: Service) {
  const { store, queue } = service;

  const get = (id: ExportId): Export => {
    const found = store.exports.get(id);
    if (found) return found;
    throw new UserError('NOT_FOUND', `There is no export ${id}.`);
  };

  return {
    get,

    start(versionId: DatasetVersionId, options: ExportOptions): { export: Export; job: Job } {
      const version = store.datasets.version(versionId);
      if (!version) throw new UserError('NOT_FOUND', `There is no dataset version ${versionId}.`);
      const outPath = resolve(options.outPath);
      refuseOwnFolders(service, outPath);
      const id = store.exports.insert(version, { ...options, outPath }, service.nowMs());
      const title = `Export ${version.datasetName} ${version.number} (${options.format})`;
      const job = queue.enqueue({ kind: 'export', exportId: id }, title);
      store.exports.setJob(id, job.id);
      return { export: get(id), job };
    },

    /** In the user's home folder; numbered if the plain name is taken. */
    suggestPath(versionId: DatasetVersionId, format: ExportFormat): { path: string } {
      const version = store.datasets.version(versionId);
      if (!version) throw new UserError('NOT_FOUND', `There is no dataset version ${versionId}.`);
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

/** An export inside a collection would be scanned as its images, and none may be inside the app's own folder. */
function refuseOwnFolders({ store, layout }: Service, outPath: string): void {
  const holder = store.collections.list().find(({ rootPath }) => isInside(outPath, rootPath));
  if (holder) {
    throw new UserError('FOLDER_OVERLAPS', `${outPath} is inside the collection '${holder.name}'.`, {
      hint: `Its images would be scanned as new ones. Choose a folder outside ${holder.rootPath}.`,
    });
  }
  if (!isInside(outPath, resolve(layout.folder))) return;
  throw new UserError('FOLDER_OVERLAPS', `${outPath} is inside the app's own data folder.`, {
    hint: 'Choose a folder outside it.',
  });
}

function isInside(inner: string, outer: string): boolean {
  const path = relative(outer, inner);
  return path === '' || (!path.startsWith(`..${sep}`) && path !== '..' && !isAbsolute(path));
}
