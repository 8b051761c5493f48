import type { ErrorTexts } from './error-code.ts';

/** Errors of datasets, exports and imports. */
export const DATASETS_ERRORS = {
  'no-version': {
    code: 'NOT_FOUND',
    message: 'There is no dataset version {id}.',
    hint: 'List the datasets to see which exist.',
  },
  'no-export': {
    code: 'NOT_FOUND',
    message: 'There is no export {id}.',
  },
  'no-import': {
    code: 'NOT_FOUND',
    message: 'There is no import {id}.',
  },
  'export-version-removed': {
    code: 'NOT_FOUND',
    message: 'The dataset version of export {id} has been removed.',
    hint: 'Create it again, then export that.',
  },
  'import-segmentation-removed': {
    code: 'NOT_FOUND',
    message: 'The segmentation that the masks were to be imported into has been removed.',
  },
  'import-files-gone': {
    code: 'FILE_NOT_FOUND',
    message: '{path} went away while its masks were read, so none were imported.',
    hint: 'Connect its drive again, then resume the import.',
  },
  'mask-files-gone': {
    code: 'FILE_NOT_FOUND',
    message: '{path} went away while masks were read.',
    hint: 'If it is on a drive, connect it again. Then try again; an import can be resumed.',
  },
  'dataset-concept': {
    code: 'BAD_INPUT',
    message: "There is no concept '{name}' in these segmentations.",
    hint: 'Existing concepts: {names}.',
  },
  'dataset-shared-collection': {
    code: 'BAD_INPUT',
    message: 'Two of these segmentations belong to the same collection.',
    hint: 'Choose one per collection: otherwise its images would be in the dataset twice.',
  },
  'dataset-empty': {
    code: 'BAD_INPUT',
    message: "The dataset '{name}' would be empty: {why}.",
    hint: 'Loosen the filters, or scan and segment the collection again.',
  },
  'format-images': {
    code: 'BAD_INPUT',
    message: 'The format {format} cannot be written with images: {images}.',
    hint: '{reason} Choose images: {allowed}.',
  },
  'format-classes': {
    code: 'BAD_INPUT',
    message: 'The format {format} cannot hold this dataset: {refusal}.',
    hint: 'Merge classes when creating the dataset, or choose another format.',
  },
  'export-empty': {
    code: 'NO_USABLE_IMAGES',
    message: 'None of the {count} images of {dataset} {version} could be exported.',
    hint: 'Connect their drive, or scan, segment and create the dataset again.',
  },
  'export-empty-first': {
    code: 'NO_USABLE_IMAGES',
    message:
      'None of the {count} images of {dataset} {version} could be exported. The first, {path}: {detail}',
    hint: 'Connect their drive, or scan, segment and create the dataset again.',
  },
  'target-exists': {
    code: 'TARGET_NOT_EMPTY',
    message: '{path} already exists.',
    hint: 'An export never overwrites anything: choose a new name, or remove what is there.',
  },
  'target-is-folder': {
    code: 'TARGET_NOT_EMPTY',
    message: '{path} is a folder.',
    hint: 'An export never overwrites anything: choose a new name, or remove what is there.',
  },
  'target-not-empty': {
    code: 'TARGET_NOT_EMPTY',
    message: '{path} is not empty.',
    hint: 'An export never overwrites anything: choose a new name, or remove what is there.',
  },
  'export-disk-full': {
    code: 'DISK_FULL',
    message: 'The export needs about {needed}, but {path} has only {free} free.',
    hint: 'Free some space or choose another drive.',
  },
  'export-disk-full-copies': {
    code: 'DISK_FULL',
    message: 'The export needs about {needed}, but {path} has only {free} free.',
    hint: 'Free some space or choose another drive, or export without copies of the images ({thrifty}).',
  },
  'export-stopped-full': {
    code: 'DISK_FULL',
    message: 'The drive of {path} is full, so the export was stopped.',
    hint: 'Free some space, or choose another drive, then resume the job; no partial files were left behind.',
  },
  'target-unusable': {
    code: 'TARGET_UNUSABLE',
    message: '{path} cannot be written ({errno}).',
    hint: 'Check the permissions and the drive of that folder, or choose another folder.',
  },
  'mask-format-unknown': {
    code: 'BAD_INPUT',
    message: 'The format of {path} is not recognized.',
    hint: 'Choose the format: {formats}.',
  },
  'mask-format-foreign': {
    code: 'BAD_INPUT',
    message: '{path} has the format of {tool}, which cannot be read.',
    hint: 'Export it from there again as COCO with polygons or masks, then import that.',
  },
  'mask-archive': {
    code: 'BAD_INPUT',
    message: '{path} is an archive, which cannot be read as it is.',
    hint: 'Unpack it, then choose its folder.',
  },
  'mask-boxes-only': {
    code: 'BAD_INPUT',
    message: 'The files of {path} contain boxes around objects: boxes are not imported.',
    hint: 'Export polygons or masks in the other tool, for example as COCO.',
  },
  'no-mask-files': {
    code: 'BAD_INPUT',
    message: 'There is no {extension} file in {path}.',
    hint: 'The format {format} needs such files; choose another format, or another folder.',
  },
  'no-mask-path': {
    code: 'NOT_FOUND',
    message: 'There is no file or folder {path}.',
    hint: 'Check the path.',
  },
  'no-voc-masks': {
    code: 'BAD_INPUT',
    message: 'There are no masks of Pascal VOC in {path}.',
    hint: 'Choose the folder that contains {classes} and {objects}.',
  },
  'no-yolo-labels': {
    code: 'BAD_INPUT',
    message: 'There are no label files in {path}.',
    hint: 'The format yolo needs .txt files in a folder called labels; choose the folder that contains it.',
  },
  'no-yolo-yaml': {
    code: 'BAD_INPUT',
    message: 'There is no data.yaml, classes.txt or obj.names in {path}, nor in the folders above it.',
    hint: 'It names the classes. Choose the folder that contains data.yaml and labels.',
  },
  'yaml-unusable': {
    code: 'BAD_INPUT',
    message: '{path} cannot be used. {detail}',
  },
  'yaml-invalid': {
    code: 'BAD_INPUT',
    message: '{path} is not valid YAML ({reason}).',
    hint: 'It needs a list "names" of the classes, as Ultralytics writes it.',
  },
  'yaml-classes': {
    code: 'BAD_INPUT',
    message: '{path} does not name the classes.',
    hint: 'It needs a list "names" of the classes, as Ultralytics writes it.',
  },
} as const satisfies ErrorTexts;
