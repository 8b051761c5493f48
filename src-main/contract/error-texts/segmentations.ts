import type { ErrorTexts } from './error-code.ts';

/** Errors of segmentations, their concepts and ground truth. */
export const SEGMENTATIONS_ERRORS = {
  'no-segmentation': {
    code: 'NOT_FOUND',
    message: 'There is no segmentation {id}.',
    hint: 'List the segmentations to see which exist.',
  },
  'no-segmentation-for-dataset': {
    code: 'NOT_FOUND',
    message: 'There is no segmentation {id}.',
    hint: 'Datasets are made from segmentations: list them to see which exist.',
  },
  'no-segmentation-for-import': {
    code: 'NOT_FOUND',
    message: 'There is no segmentation {id}.',
    hint: 'Masks are imported into a segmentation: list the segmentations to see which exist.',
  },
  'segmentation-removed': {
    code: 'NOT_FOUND',
    message: 'Segmentation {id} has been removed, so it cannot continue.',
  },
  'segmentation-collection-removed': {
    code: 'NOT_FOUND',
    message: "The collection of '{name}' has been removed.",
  },
  'segmentation-encoder-removed': {
    code: 'NOT_FOUND',
    message: "The encoder that '{name}' was made with has been removed.",
    hint: 'Import it again and create a new segmentation, or create one without an encoder.',
  },
  'this-encoder-removed': {
    code: 'NOT_FOUND',
    message: 'The encoder that this segmentation was made with has been removed.',
    hint: 'Import it again and create a new segmentation, or create one without an encoder.',
  },
  'segmentation-model-removed': {
    code: 'MODEL_UNAVAILABLE',
    message: "The model that '{name}' was made with has been removed.",
    hint: 'Import the model again and segment the collection with it.',
  },
  'no-usable-images': {
    code: 'WRONG_STATE',
    message: "'{name}' has no usable images to segment.",
    hint: 'Scan it first.',
  },
  'segmentation-unfinished': {
    code: 'WRONG_STATE',
    message: "'{name}' has never been finished, so all of its images are due.",
    hint: 'Resume it.',
  },
  'segmentation-active': {
    code: 'WRONG_STATE',
    message: "'{name}' is {state}.",
    hint: 'Wait for it, or pause it first.',
  },
  'segmentation-empty': {
    code: 'WRONG_STATE',
    message: 'Segmentation {id} has no finished images yet.',
    hint: 'Wait for its job, or resume the job.',
  },
  'not-described': {
    code: 'WRONG_STATE',
    message: "The images and objects of '{name}' have not been described yet, so they cannot be compared.",
    hint: 'Describe them first.',
  },
  'vectors-gone': {
    code: 'WRONG_STATE',
    message: 'The descriptions of the images and objects are gone, or another version wrote them.',
    hint: 'Describe them again.',
  },
  'no-map': {
    code: 'WRONG_STATE',
    message: "The objects of '{name}' have not been laid out on a map yet.",
    hint: 'Lay them out first.',
  },
  'health-unchecked': {
    code: 'WRONG_STATE',
    message: "'{name}' has not been checked, or the app has been restarted since.",
    hint: 'Check it first.',
  },
  'no-proposal': {
    code: 'WRONG_STATE',
    message: "There is no proposal for '{name}': it was applied or discarded, or the app has been restarted.",
    hint: 'Make a new one.',
  },
  'image-not-described': {
    code: 'WRONG_STATE',
    message: 'Image {imageId} has not been described yet, or it could not be read.',
    hint: 'Describe the segmentation again.',
  },
  'object-not-described': {
    code: 'WRONG_STATE',
    message: 'Object {id} has not been described yet, or its image could not be read.',
    hint: 'Describe the segmentation again.',
  },
  'learned-missing': {
    code: 'WRONG_STATE',
    message: 'What this segmentation has learned is missing, or an older version wrote it.',
    hint: 'Create a new segmentation of the collection.',
  },
  'learned-gone': {
    code: 'WRONG_STATE',
    message: 'What this segmentation learned is gone, or another version wrote it.',
    hint: 'Segment the collection again.',
  },
  'corrections-need-encoder': {
    code: 'WRONG_STATE',
    message: "'{name}' was made without an encoder, so corrections teach nothing about other foregrounds.",
    hint: 'Segment the collection with an encoder: colours and places alone predict no corrections.',
  },
  'foregrounds-not-learned': {
    code: 'WRONG_STATE',
    message: "The foregrounds of '{name}' are not learned, so corrections cannot teach them.",
    hint: 'Foregrounds are learned in the modes one, several and auto, but not on uniform backgrounds.',
  },
  'portable-foreign': {
    code: 'FILE_UNUSABLE',
    message: '{path} is not {what}, or it is damaged.',
    hint: 'Check the path, and copy the file again if it came from another machine.',
  },
  'portable-version': {
    code: 'FILE_UNUSABLE',
    message: '{path} is {what} of another format (version {version}; this app knows {known}).',
    hint: 'Use the same version of R2O Studio on all machines.',
  },
  'recipe-of-other-version': {
    code: 'FILE_UNUSABLE',
    message: '{path} was made by R2O Studio {appVersion}; this is {version}, which could find other masks.',
    hint: 'Use the same version of R2O Studio on all machines.',
  },
  'recipe-weights-missing': {
    code: 'MODEL_UNAVAILABLE',
    message: "The weights of '{name}' are not at {path}.",
    hint: 'Copy them there from where the recipe was made, or choose their file.',
  },
  'recipe-weights-differ': {
    code: 'MODEL_UNAVAILABLE',
    message:
      "{path} does not contain the weights of '{name}' that the recipe was made with (SHA-256 {sha256}).",
    hint: 'Copy them again from where the recipe was made.',
  },
  'recipe-weights-not-copied': {
    code: 'FILE_UNUSABLE',
    message: 'The weights of the encoder cannot be copied to {path}.',
    hint: 'Check your permissions there and the free space, or choose another folder.',
  },
  'shard-images-absent': {
    code: 'NOT_FOUND',
    message:
      '{count} of the {total} images of this shard are not in {folder}, under any name, for example: {examples}',
    hint: 'Choose the folder that contains them, or segment the others without them.',
  },
  'shard-work-of-another': {
    code: 'WRONG_STATE',
    message: '{folder} belongs to another shard, or to another recipe.',
    hint: 'Choose another folder, or remove this one if it is no longer needed.',
  },
  'no-shard-here': {
    code: 'WRONG_STATE',
    message: 'This data folder was not made for a shard.',
  },
  'shard-unfinished': {
    code: 'WRONG_STATE',
    message: 'The shard is not finished.',
    hint: 'Resume it first.',
  },
  'shard-of-unknown-recipe': {
    code: 'NOT_FOUND',
    message: '{path} belongs to a recipe that no segmentation here was frozen as.',
    hint: 'Merge it where its recipe was made. If that segmentation was removed, its shards cannot be merged.',
  },
  'not-in-segmentation': {
    code: 'NOT_FOUND',
    message: 'Image {imageId} is not part of segmentation {id}.',
  },
  'not-segmented-yet': {
    code: 'NOT_FOUND',
    message: 'Image {imageId} is not part of segmentation {id}.',
    hint: 'Wait until it has been segmented.',
  },
  'no-probabilities': {
    code: 'NOT_FOUND',
    message: 'Image {imageId} is not part of segmentation {id}.',
    hint: 'Only images that have been segmented have probabilities.',
  },
  'image-changed': {
    code: 'IMAGE_UNAVAILABLE',
    message: '{path} has changed since it was segmented.',
    hint: 'Segment it again.',
  },
  'nothing-learned-yet': {
    code: 'WRONG_STATE',
    message: "'{name}' has not learned from its images yet.",
    hint: 'Wait for its job, or resume it.',
  },
  'no-head-not-needed': {
    code: 'WRONG_STATE',
    message:
      "'{name}' has no foreground head, because its mode makes every region a mask, so no foreground was looked for.",
    hint: 'Segment in another mode, such as auto.',
  },
  'no-head-even-ground': {
    code: 'WRONG_STATE',
    message:
      "'{name}' has no foreground head, because its images have a uniform background, from which objects differ by colour.",
    hint: 'Nothing needs to be learned there.',
  },
  'no-head-no-encoder': {
    code: 'WRONG_STATE',
    message: "'{name}' has no foreground head, because it was made without a model.",
    hint: 'Segment with a model.',
  },
  'no-head-few-images': {
    code: 'WRONG_STATE',
    message: "'{name}' has no foreground head, because its collection has too few images to learn from.",
    hint: 'Add images, then segment again.',
  },
  'no-head-disagreement': {
    code: 'WRONG_STATE',
    message:
      "'{name}' has no foreground head, because its model's features added too little to colour, place and saliency.",
    hint: 'Segment with a stronger model, or with one that a larger collection has taught.',
  },
  'scores-not-calibrated': {
    code: 'WRONG_STATE',
    message:
      "The scores of '{name}' do not say which objects are likely right, because it uses no foreground head.",
    hint: 'Review its objects by score, or segment with a model whose head is used.',
  },
  'no-concept': {
    code: 'NOT_FOUND',
    message: 'There is no concept {id}.',
  },
  'concept-merge': {
    code: 'BAD_INPUT',
    message: 'Concept {id} cannot be merged into concept {targetId}.',
    hint: 'Merge it into another concept of the same segmentation that is not itself merged.',
  },
  'concept-name-taken': {
    code: 'ALREADY_EXISTS',
    message: "There is already a concept '{name}' (number {number}).",
    hint: 'Choose another name, or merge the two concepts.',
  },
  'concept-of-other': {
    code: 'BAD_INPUT',
    message: 'Segmentation {segmentationId} has no concept {conceptId}.',
    hint: 'Choose a concept of the same segmentation.',
  },
  'no-truth': {
    code: 'BAD_INPUT',
    message: 'No file in {path} is named after a segmented image.',
    hint: 'The ground truth for photo.jpg is masks/photo.png, or photo.png in the folder itself.',
  },
  'no-truth-names': {
    code: 'BAD_INPUT',
    message: 'No file in {path} is named after a segmented image.',
    hint: 'They must name images by their path inside the collection or by their file name.',
  },
  'no-truth-problem': {
    code: 'BAD_INPUT',
    message: 'No file in {path} is named after a segmented image.',
    hint: '{name}: {detail}',
  },
  'no-truth-folder': {
    code: 'FOLDER_NOT_FOUND',
    message: 'The folder {path} does not exist.',
    hint: 'Enter the folder that contains masks/ (and labels/), or one with NAME.png for each image.',
  },
  'truth-unread': {
    code: 'BAD_INPUT',
    message: 'The ground-truth file {path} cannot be read as an image.',
    hint: 'Ground truth is PNG: 0 background, 255 foreground, 128 ignored.',
  },
  'sheet-unread': {
    code: 'IMAGE_UNAVAILABLE',
    message: 'None of the {count} images of the sheet can be read.',
    hint: 'If they are on a drive, connect it; otherwise scan their collection again.',
  },
} as const satisfies ErrorTexts;
