import type { ErrorTexts } from './error-code.ts';

/** Errors of collections and their images. */
export const COLLECTIONS_ERRORS = {
  'no-images-to-compare': {
    code: 'WRONG_STATE',
    message: "'{name}' has no usable images to compare.",
    hint: 'Scan it first.',
  },
  'not-compared': {
    code: 'WRONG_STATE',
    message: "The images of '{name}' have not been compared yet.",
    hint: 'Compare them first.',
  },
  'no-collection': {
    code: 'NOT_FOUND',
    message: 'There is no collection {id}.',
    hint: 'List the collections to see which exist.',
  },
  'no-sample': {
    code: 'NOT_FOUND',
    message: 'This installation does not contain the sample pictures.',
    hint: 'Add a folder of your own images instead.',
  },
  'collection-removed-scan': {
    code: 'NOT_FOUND',
    message: 'Collection {id} has been removed, so it cannot be scanned.',
  },
  'scan-collection-removed': {
    code: 'NOT_FOUND',
    message: 'The collection of this scan (job {id}) has been removed, so nothing more is saved for it.',
    hint: 'Add its folder again to scan it.',
  },
  'collection-exists': {
    code: 'ALREADY_EXISTS',
    message: "{path} is already the collection '{name}' ({id}).",
    hint: 'Scan it again instead.',
  },
  'contains-data-folder': {
    code: 'FOLDER_OVERLAPS',
    message: "{path} contains the app's own data folder {dataFolder}.",
    hint: 'Choose a folder that contains only your images, or move the data folder.',
  },
  'collection-folder-gone': {
    code: 'FOLDER_NOT_FOUND',
    message: "The folder {path} of the collection '{name}' does not exist.",
    hint: 'Reconnect its drive; if the folder was moved, let the collection read its images from the new place.',
  },
  'not-its-folder': {
    code: 'BAD_INPUT',
    message: "{path} has none of the images of '{name}': it does not contain {example}, for example.",
    hint: 'Choose the folder in which that file is under this name.',
  },
  'no-folder': {
    code: 'FOLDER_NOT_FOUND',
    message: 'The folder {path} does not exist.',
    hint: 'Check the path; if it is on a removable or network drive, connect it first.',
  },
  'not-a-folder': {
    code: 'NOT_A_FOLDER',
    message: '{path} is a file, not a folder.',
    hint: 'Enter the folder that contains your images.',
  },
  'root-not-a-folder': {
    code: 'NOT_A_FOLDER',
    message: "'{path}' is not a folder.",
    hint: 'Choose a folder.',
  },
  'folder-unlisted': {
    code: 'FOLDER_UNREADABLE',
    message: 'The folder {path} cannot be listed.',
    hint: 'Give yourself permission to read it, then try again.',
  },
  'root-unlisted': {
    code: 'FOLDER_UNREADABLE',
    message: "The folder '{path}' cannot be listed ({errno}).",
    hint: 'Change its permissions or check its drive, then try again.',
  },
  'root-gone': {
    code: 'FOLDER_NOT_FOUND',
    message: "There is no folder '{path}'.",
    hint: 'Reconnect its drive, then try again; if the folder was moved, let the collection read its images from the new place.',
  },
  'root-empty': {
    code: 'FOLDER_NOT_FOUND',
    message: "The folder '{path}' is empty.",
    hint: 'Reconnect its drive, then try again. If the images were deleted, remove the collection; if they were moved, let it read them from the new place.',
  },
  'path-outside': {
    code: 'BAD_INPUT',
    message: "'{path}' is not the path of a file inside the collection's folder.",
  },
  'incomplete-path': {
    code: 'BAD_INPUT',
    message: "'{path}' is not a complete path.",
    hint: 'Start it with ~ for your home folder, or write all of it, such as {example}.',
  },
  'no-image': {
    code: 'NOT_FOUND',
    message: 'There is no image {id}.',
  },
  'image-unread': {
    code: 'IMAGE_UNAVAILABLE',
    message: '{path} could not be read as an image.',
    hint: 'The reason is listed among the problems of the collection.',
  },
  'no-images-read': {
    code: 'NO_USABLE_IMAGES',
    message: "None of the collection's images can be read.",
    hint: 'Rescan the collection; if its folder is on a removable or network drive, connect it first.',
  },
  'no-images-read-first': {
    code: 'NO_USABLE_IMAGES',
    message: "None of the collection's images can be read. The first: {path}: {detail}",
    hint: 'Rescan the collection; if its folder is on a removable or network drive, connect it first.',
  },
  'no-file-manager': {
    code: 'UNSUPPORTED_RUNTIME',
    message: 'This host cannot show files in a file manager.',
    hint: 'Open it yourself: {path}',
  },
} as const satisfies ErrorTexts;
