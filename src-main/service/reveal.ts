import { join } from 'node:path';
import { UserError } from '../contract/errors.ts';
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
    throw new UserError('UNSUPPORTED_RUNTIME', 'This host cannot show files in a file manager.', {
      hint: `Open it yourself: ${path}`,
    });
  }
  desktop.reveal(path);
  return null;
}

function pathOf(service: Service, target: RevealTarget): string {
  switch (target.what) {
    case 'log':
      return service.options.logger.file;
    case 'data-folder':
      return service.layout.folder;
    case 'collection': {
      const collection = service.store.collections.get(target.id);
      if (!collection) throw new UserError('NOT_FOUND', `There is no collection ${target.id}.`);
      return collection.rootPath;
    }
    case 'image': {
      const found = service.store.images.locate(target.id);
      if (!found) throw new UserError('NOT_FOUND', `There is no image ${target.id}.`);
      return join(found.rootPath, found.relPath);
    }
    case 'export': {
      const made = service.store.exports.get(target.id);
      if (!made) throw new UserError('NOT_FOUND', `There is no export ${target.id}.`);
      return made.options.outPath;
    }
    default:
      return target satisfies never;
  }
}
