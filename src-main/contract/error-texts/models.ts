import type { ErrorTexts } from './error-code.ts';

/** Errors of models, downloads and exports of weights. */
export const MODELS_ERRORS = {
  'no-model': {
    code: 'NOT_FOUND',
    message: 'There is no model {id}.',
    hint: 'List the models to see which exist.',
  },
  'no-encoder': {
    code: 'NOT_FOUND',
    message: "There is no encoder '{name}' to download.",
    hint: 'Choose one of those that can be downloaded.',
  },
  'download-unusable': {
    code: 'WEIGHTS_UNSUPPORTED',
    message: 'What {address} sent is not used. {problem}',
    hint: 'Download the file in a browser, then import it.',
  },
  'download-damaged': {
    code: 'WEIGHTS_DAMAGED',
    message: 'What {address} sent is not used. {problem}',
    hint: 'Download the file in a browser, then import it.',
  },
  'download-disk-full': {
    code: 'DISK_FULL',
    message: 'The download needs {needed}, but {path} has only {free} free.',
    hint: 'Free some space, then try again.',
  },
  'download-failed': {
    code: 'DOWNLOAD_FAILED',
    message: 'The download of {address} failed because {reason}.',
    hint: 'Try again: what has arrived is kept. Or download it in a browser, then import it.',
  },
  'download-other-file': {
    code: 'DOWNLOAD_FAILED',
    message: 'The download of {address} failed because {reason}.',
    hint: 'The server may offer another file now. If so, download it in a browser, then import it.',
  },
  'download-file-unusable': {
    code: 'FILE_UNUSABLE',
    message: '{path} cannot be written: {errno}.',
    hint: 'Change its permissions, or choose another data folder.',
  },
  'terms-not-accepted': {
    code: 'TERMS_NOT_ACCEPTED',
    message: '{file} is under the {title}. {summary}',
    hint: 'Read the terms at {address}, then accept them.',
  },
  'export-suffix': {
    code: 'BAD_INPUT',
    message: '{file}: {format} only reads files whose name ends in {suffix}.',
    hint: 'Use the name {file}{suffix} instead.',
  },
  'export-kind': {
    code: 'BAD_INPUT',
    message: "'{name}' is {what} and cannot be exported as {format}, because {why}.",
    hint: 'Choose the format {formats}.',
  },
  'head-suffix': {
    code: 'BAD_INPUT',
    message: '{file} does not end in .onnx.',
    hint: 'Use the name {file}.onnx instead.',
  },
  'head-opset': {
    code: 'WEIGHTS_UNSUPPORTED',
    message: "'{encoder}' cannot be extended by a head, because it was written for opset {opset} of ONNX.",
    hint: 'Export the network again with opset {least} or later, import it and segment with it.',
  },
  'not-trainable': {
    code: 'BAD_INPUT',
    message: 'This model is {what}, which can segment but not be trained.',
    hint: 'Choose a ResNet.',
  },
  'model-unusable': {
    code: 'MODEL_UNAVAILABLE',
    message: 'The weights of this model cannot be used: {problem}',
    hint: 'Restore the file from a backup of the data folder, or remove the model and import it again.',
  },
  'not-regular-file': {
    code: 'FILE_UNUSABLE',
    message: '{path} is not a regular file.',
    hint: 'Enter the path of a weights file.',
  },
  'weights-damaged': {
    code: 'WEIGHTS_DAMAGED',
    message: '{file}: {problem}.',
    hint: 'Download or export the file again; if you know its checksum, compare it.',
  },
  'weights-unsupported': {
    code: 'WEIGHTS_UNSUPPORTED',
    message: '{file}: {problem}.',
    hint: '{advice}',
  },
} as const satisfies ErrorTexts;
