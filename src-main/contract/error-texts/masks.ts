import type { ErrorTexts } from './error-code.ts';

/** Errors of masks and requests. */
export const MASKS_ERRORS = {
  'no-mask': {
    code: 'NOT_FOUND',
    message: 'There is no mask {id}.',
    hint: 'It was removed, or its image has been segmented again.',
  },
  'no-mask-revision': {
    code: 'NOT_FOUND',
    message: 'There is no revision {revision} of mask {id}.',
  },
  'no-frozen-mask': {
    code: 'NOT_FOUND',
    message: 'There is no mask {id} in a dataset.',
  },
  'mask-changed': {
    code: 'WRONG_STATE',
    message: 'Mask {id} has been changed since it was opened.',
    hint: 'Open it again and repeat your change.',
  },
  'masks-kept-changing': {
    code: 'WRONG_STATE',
    message: 'The masks of {path} kept changing while they were imported.',
    hint: 'Import them again when nothing else changes masks.',
  },
  'single-mask-merge': {
    code: 'BAD_INPUT',
    message: 'A single mask cannot be merged.',
  },
  'masks-of-images': {
    code: 'BAD_INPUT',
    message: 'These masks do not belong to the same image.',
    hint: 'Select masks of the same image and the same segmentation.',
  },
  'mask-sizes': {
    code: 'BAD_INPUT',
    message: 'These masks have different sizes: their image has changed.',
    hint: 'Segment the image again.',
  },
  'mask-shape': {
    code: 'BAD_INPUT',
    message: 'The new shape is empty or does not fit the image.',
    hint: 'To get rid of a mask, remove or reject it.',
  },
  'no-split-parts': {
    code: 'BAD_INPUT',
    message: 'This does not split the mask.',
    hint: 'Draw a line across it instead.',
  },
  'no-split-line': {
    code: 'BAD_INPUT',
    message: 'This does not split the mask.',
    hint: 'Draw the line all the way across the mask.',
  },
  'no-split-mask': {
    code: 'BAD_INPUT',
    message: 'This does not split the mask.',
    hint: 'Select a mask that covers a part of it.',
  },
  'nothing-to-undo': {
    code: 'WRONG_STATE',
    message: 'There is nothing to undo.',
  },
  'nothing-to-redo': {
    code: 'WRONG_STATE',
    message: 'There is nothing to redo.',
  },
  'undo-overtaken': {
    code: 'WRONG_STATE',
    message: 'This step cannot be undone: its masks have been changed since.',
    hint: 'Another program has changed them; its changes are kept.',
  },
  'request-too-large': {
    code: 'BAD_INPUT',
    message: 'This request is larger than {limit} MB.',
    hint: 'Send less at once, or simplify the shape of the mask.',
  },
  'request-invalid': {
    code: 'BAD_INPUT',
    message: 'The request is not valid ({issues}).',
  },
  'page-cursor': {
    code: 'BAD_INPUT',
    message: 'This page cursor is not valid.',
    hint: 'Start again from the first page.',
  },
} as const satisfies ErrorTexts;
