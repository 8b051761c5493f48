import type { ErrorTexts } from './error-code.ts';

/** Errors of jobs, runs and devices. */
export const JOBS_ERRORS = {
  'no-job': {
    code: 'NOT_FOUND',
    message: 'There is no job {id}.',
    hint: 'List the jobs to see which exist.',
  },
  'job-done': {
    code: 'WRONG_STATE',
    message: 'Job {id} is done, so it cannot be {wanted}.',
    hint: 'It has finished; start a new one instead.',
  },
  'job-state': {
    code: 'WRONG_STATE',
    message: 'Job {id} is {state}, so it cannot be {wanted}.',
    hint: 'Check the state of the job, then try again.',
  },
  'closed-during-job': {
    code: 'WORKER_FAILED',
    message: 'R2O Studio was closed while this job was running.',
    hint: 'Resume the job: it continues from what it had saved.',
  },
  'worker-stopped': {
    code: 'WORKER_FAILED',
    message: 'The worker process stopped unexpectedly ({exit}).',
    hint: 'Try again. If it happens again with the same image, that file may be damaged.',
  },
  'worker-out-of-memory': {
    code: 'WORKER_FAILED',
    message: 'The worker process stopped unexpectedly ({exit}).',
    hint: 'Usually the machine ran out of memory: quit other programs, then try again.',
  },
  'job-worker-stopped': {
    code: 'WORKER_FAILED',
    message: 'The worker process stopped unexpectedly ({exit}).',
    hint: 'Resume the job: it continues from what it had saved. If this happens again, see the log.',
  },
  'job-worker-out-of-memory': {
    code: 'WORKER_FAILED',
    message: 'The worker process stopped unexpectedly ({exit}).',
    hint: 'Usually the machine ran out of memory: quit other programs, and for pretraining set a smaller batchSize or viewPx. Then resume the job: it continues from what it had saved.',
  },
  'job-worker-silent': {
    code: 'WORKER_UNRESPONSIVE',
    message: 'The worker process did not respond for {seconds} s and was ended.',
    hint: 'Resume the job: it continues from what it had saved. If this happens again, see the log.',
  },
  'worker-silent': {
    code: 'WORKER_FAILED',
    message: 'The worker process was stopped because it did not respond for {seconds} s.',
    hint: 'If it happens again with the same file, that file needs more computation than this app allows.',
  },
  'worker-slow': {
    code: 'WORKER_FAILED',
    message: 'The worker process was stopped because a request took longer than {seconds} s.',
    hint: 'Try again when less is running on this machine. If the files are on a network drive, check that it responds.',
  },
  'worker-misunderstood': {
    code: 'WORKER_FAILED',
    message:
      'The app and its worker process did not understand each other: a message does not fit {expected}.',
    hint: 'Try again: a job that is resumed continues from what it had saved. If it happens again, reinstall the app.',
  },
  'no-run': {
    code: 'NOT_FOUND',
    message: 'There is no run {id}.',
    hint: 'List the runs to see which exist.',
  },
  'run-removed': {
    code: 'NOT_FOUND',
    message: 'Run {id} has been removed, so it cannot be trained.',
  },
  'run-collection-removed': {
    code: 'NOT_FOUND',
    message: "The collection of run '{name}' has been removed.",
    hint: 'Its models still exist; add the folder again to start a new run.',
  },
  'run-active': {
    code: 'WRONG_STATE',
    message: "Run '{name}' is {state}.",
    hint: 'Pause or stop it first.',
  },
  'plan-image-unread': {
    code: 'IMAGE_UNAVAILABLE',
    message: '{path} cannot be read: {detail}',
    hint: 'PyTorch gets all images of a run. Scan the collection again, which leaves out such images, then plan again.',
  },
  'plan-of-masks': {
    code: 'BAD_INPUT',
    message: 'A run that learns from masks cannot be planned for PyTorch.',
    hint: 'Train it here, or plan a run that learns from regions.',
  },
  'plan-folder-taken': {
    code: 'TARGET_NOT_EMPTY',
    message: '{path} already exists and is not an empty folder.',
    hint: 'Choose another name.',
  },
  'checkpoint-foreign': {
    code: 'CHECKPOINT_DAMAGED',
    message: "{path} is not a checkpoint of the run '{name}': {reason}.",
    hint: 'Choose a file that PyTorch has written for this run.',
  },
  'run-done': {
    code: 'WRONG_STATE',
    message: "Run '{name}' has finished.",
    hint: 'To continue, train it longer.',
  },
  'run-too-short': {
    code: 'BAD_INPUT',
    message: "Run '{name}' has already done {stepsDone} steps, but {epochs} epochs are only {totalSteps}.",
    hint: 'Choose more than {leastEpochs} epochs in total.',
  },
  'run-without-previews': {
    code: 'NOT_FOUND',
    message: "Run '{name}' has no previews.",
    hint: 'It has not started yet, or its setting previews is 0.',
  },
  'run-without-best': {
    code: 'NOT_FOUND',
    message: "Run '{name}' has no best preview yet.",
    hint: 'Previews are taken at intervals during the run; wait for the first one.',
  },
  'no-preview': {
    code: 'NOT_FOUND',
    message: 'Run {runId} has no preview of image {imageId} at step {step}.',
  },
  'training-diverged': {
    code: 'TRAINING_DIVERGED',
    message: 'The training diverged at step {step}: its loss or gradient is NaN or infinite.',
    hint: '{kept}; start a new run with a smaller baseLr (now {baseLr}) or more warmupEpochs.',
  },
  'training-memory': {
    code: 'OUT_OF_MEMORY',
    message:
      '{device} ran out of memory: a batch of {batchSize} at {viewPx} px does not fit into the memory that other programs leave free.',
    hint: '{kept}. Quit other programs and resume, or start a new run with batchSize {smallerBatch} or a smaller viewPx.',
  },
  'graph-memory': {
    code: 'OUT_OF_MEMORY',
    message: '{path} cannot be used because it takes more than {limit} of memory.',
    hint: 'Use a smaller network, or a smaller input size for the images.',
  },
  'graph-memory-refused': {
    code: 'OUT_OF_MEMORY',
    message: '{path} cannot run on an image of {size} px: it asks for more memory than the system can give.',
    hint: 'Use a smaller network, or a smaller input size for the images.',
  },
  'device-failed': {
    code: 'DEVICE_FAILED',
    message: '{reason}',
    hint: '{kept}. Resume to try {device} again.',
  },
  'plan-few-images': {
    code: 'BAD_INPUT',
    message: '{imageCount} images are very few: the encoder will learn little more than their colours.',
  },
  'plan-memory': {
    code: 'OUT_OF_MEMORY',
    message:
      'A batch of {batchSize} at {viewPx} px needs about {needed} of memory, but {device} has only {available}.',
    hint: 'A batchSize of {fitting} fits.',
  },
  'plan-memory-smallest': {
    code: 'OUT_OF_MEMORY',
    message:
      'A batch of {batchSize} at {viewPx} px needs about {needed} of memory, but {device} has only {available}.',
    hint: 'Even the smallest batch does not fit: set a smaller viewPx, or choose a smaller encoder.',
  },
  'too-few-images': {
    code: 'BAD_INPUT',
    message: 'Pretraining needs at least {least} different images, but this collection has {count}.',
    hint: 'Add images to its folder and rescan it; a few hundred are a good start.',
  },
  'batch-too-large': {
    code: 'BAD_INPUT',
    message: 'A batch of {batchSize} needs at least as many images, but this collection has {count}.',
    hint: 'Set batchSize to {count} or less.',
  },
  'epoch-too-small': {
    code: 'BAD_INPUT',
    message: 'An epoch of {epochImages} images is smaller than a batch of {batchSize}.',
    hint: 'Set epochImages to {batchSize} or more, or to null for all images.',
  },
  'optimizer-of-masks': {
    code: 'BAD_INPUT',
    message: 'adamw is only for runs that learn from masks.',
    hint: 'Use lars or sgd, or the preset masks.',
  },
  'optimizer-of-regions': {
    code: 'BAD_INPUT',
    message: 'A run that learns from masks uses adamw.',
    hint: 'Leave the optimizer as it is.',
  },
  'masks-of-even-ground': {
    code: 'BAD_INPUT',
    message:
      'This collection shows things on a uniform background, so an encoder learns nothing useful from its masks.',
    hint: 'Segment it without an encoder, which finds its objects by the colour of the background, or learn from a collection of varied photos.',
  },
  'few-masks': {
    code: 'BAD_INPUT',
    message: 'Only {count} images gave a mask to learn from; at least {least} are needed.',
    hint: 'Choose a collection with more photos.',
  },
  'k-schedule': {
    code: 'BAD_INPUT',
    message:
      'kSchedule needs the same number of values and epochs, at least {points}, and the epochs must increase.',
    hint: 'For example: {example}',
  },
  'images-left': {
    code: 'BAD_INPUT',
    message: 'The collection has {count} images left, which is fewer than a batch of {batchSize}.',
    hint: 'Rescan the collection and start a new run.',
  },
  'other-network': {
    code: 'BAD_INPUT',
    message: 'A {wants} cannot start from the weights of a {has}.',
    hint: 'Choose a model with the same encoder, or set encoder to the one that the model uses.',
  },
  'checkpoint-damaged': {
    code: 'CHECKPOINT_DAMAGED',
    message: 'The checkpoint {path} is damaged: its content has changed since it was written.',
    hint: 'Check the drive, then start a new run; its earlier models are not affected.',
  },
  'no-device': {
    code: 'DEVICE_UNAVAILABLE',
    message: "This version does not know the device '{name}'.",
    hint: 'Choose one of the devices in the list.',
  },
  'torch-missing': {
    code: 'DEVICE_UNAVAILABLE',
    message: 'The device {device} cannot be used: PyTorch is not installed.',
    hint: 'Install PyTorch for the app, or resume the run on another device.',
  },
  'torch-incomplete': {
    code: 'DEVICE_UNAVAILABLE',
    message: 'The device {device} cannot be used: {reason}.',
    hint: '{kept}. Install PyTorch for the app again, or resume on another device.',
  },
  'torch-only-pretrains': {
    code: 'BAD_INPUT',
    message: 'The device {device} can only be used for pretraining that learns from regions.',
    hint: 'Choose another device.',
  },
  'device-unusable': {
    code: 'DEVICE_UNAVAILABLE',
    message: 'The device {id} cannot be used: {reason}.',
    hint: 'Choose one of the devices in the list.',
  },
  'device-fixable': {
    code: 'DEVICE_UNAVAILABLE',
    message: 'The device {id} cannot be used: {reason}.',
    hint: '{fix}',
  },
} as const satisfies ErrorTexts;
