import { englishOf, filled, isErrorKey, type ErrorKey } from '../../contract/error-texts/error-text.ts';
import type { ErrorAction, ErrorInfo } from '../../contract/errors.ts';

const ANOTHER_DATA_FOLDER = 'choose another folder with --data or R2O_DATA.';

/** Hints that the command line can give more precisely, because it has an option for it. */
const OPTION_HINTS: Partial<Record<ErrorKey, string>> = {
  'file-exists': 'Choose another name, or overwrite it with --force.',
  'contains-data-folder':
    'Choose a folder that contains only your images, or move the data folder with --data.',
  'data-folder-unusable': `Check its permissions and the free space, or ${ANOTHER_DATA_FOLDER}`,
  'data-folder-full': `Check its permissions and the free space, or ${ANOTHER_DATA_FOLDER}`,
  'database-unusable': `Check the permissions and the disk of the data folder, or ${ANOTHER_DATA_FOLDER}`,
  'database-foreign': 'Choose another data folder with --data.',
  'database-too-new': 'Update R2O Studio, or choose another data folder with --data.',
  'download-file-unusable': 'Change its permissions, or choose another data folder with --data.',
  'mask-format-unknown': 'Choose it with --format: {formats}.',
  'no-mask-files':
    'The format {format} needs such files; choose another format with --format, or another folder.',
  'format-images': '{reason} Use --images with one of: {allowed}.',
  'format-classes': 'Merge classes with --class when creating the dataset, or choose another format.',
  'export-disk-full-copies':
    'Free some space or choose another drive, or export with --images and one of: {thrifty}.',
  'export-kind': 'Use --format with one of: {formats}.',
  'terms-not-accepted': 'Read the terms at {address}, then accept them with --yes.',
  'masks-of-even-ground':
    'Segment it without an encoder (r2o segment <collection>), or learn from a collection of varied photos (r2o pretrain <collection> --preset masks).',
  'no-head-no-encoder': 'Segment with one: r2o segment <collection> --model <model>',
};

/** What to do about an error, in the words of the command line: with the command or the option that does it. */
export function commandLineHint({ text, hint, action }: ErrorInfo): string | null {
  const own = text && isErrorKey(text.key) ? OPTION_HINTS[text.key] : undefined;
  const advice = own === undefined || !text ? hint : filled(own, text.values, englishOf).trim();
  if (!action) return advice;
  return advice === null ? commandOf(action) : `${advice.replace(/\.$/, '')}${joined(action)}`;
}

/** The error as the command line describes it. */
export function commandLineError(info: ErrorInfo): ErrorInfo {
  return { ...info, hint: commandLineHint(info) };
}

/** Hints say what their command does, except where the command is a second way. */
function joined(action: ErrorAction): string {
  const command = commandOf(action);
  return action.kind === 'resume-run' ? `, or continue on another device: ${command}` : `: ${command}`;
}

function commandOf(action: ErrorAction): string {
  switch (action.kind) {
    case 'rescan':
      return `r2o collections rescan ${action.collectionId}`;
    case 'locate-folder':
      return `r2o collections move ${action.collectionId} <folder>`;
    case 'resume-segmentation':
      return `r2o segmentations resume ${action.segmentationId}`;
    case 'pause-job':
      return `r2o jobs pause ${action.jobId}`;
    case 'resume-run':
      return `r2o runs resume ${action.runId} --device ${action.device}`;
    case 'extend-run':
      return `r2o runs extend ${action.runId} --epochs ${action.epochs}`;
    case 'show-devices':
      return 'r2o devices';
    case 'show-encoders':
      return 'r2o models get';
    case 'import-model':
      return 'r2o models import <file>';
    default:
      return action satisfies never;
  }
}
