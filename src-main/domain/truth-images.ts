/** The list of a segmentation's images in a folder of unpacked ground truth: one `ImportableImage` as JSON per line. */
export const TRUTH_IMAGES = 'images.jsonl';
