import { join } from 'node:path';
import { userError } from '../contract/errors.ts';
import type { RevealTarget } from '../contract/system.ts';
import type { Service } from './service.ts';

/**
 * Shows something of the app's own in the system's file manager.
 * @throws UserError NOT_FOUND, or UNSUPPORTED_RUNTIME (with the path) where the host has no file manager
 */
export function reveal(service: Service, target: RevealTarget): null {
  const path = pathOf(service, target);
  const { desktop } = service.options;
  if (!desktop) {
    throw userError('no-file-manager', { path });
  }
  desktop.reveal(path);
  return null;
}

/** Where something of the app's own is. @throws UserError NOT_FOUND */
export function pathOf(service: Service, target: RevealTarget): string {
  switch (target.what) {
    case 'log':
      return service.options.logger.file;
    case 'data-folder':
      return service.layout.folder;
    case 'collection': {
      const collection = service.store.collections.get(target.id);
      if (!collection) throw userError('no-collection', { id: target.id });
      return collection.rootPath;
    }
    case 'image': {
      const found = service.store.images.locate(target.id);
      if (!found) throw userError('no-image', { id: target.id });
      return join(found.rootPath, found.relPath);
    }
    case 'export': {
      const made = service.store.exports.get(target.id);
      if (!made) throw userError('no-export', { id: target.id });
      return made.options.outPath;
    }
    default:
      return target satisfies never;
  }
}
