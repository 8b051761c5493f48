import { inline } from '../../weights/markdown-text.ts';
import type { InputRules } from '../../model/backbone.ts';

/** The origin of a head and its encoder. */
export type HeadFacts = {
  segmentation: string;
  /** The collection whose images taught the head; null when it has been removed. */
  collection: string;
  encoder: string;
  architecture: string;
  licence: string | null;
  /** Mean IoU with masks that the head was not learned from. */
  agreement: number | null;
  imageCount: number;
  /** Root of the number of pixels at which the encoder saw the images. */
  inputPx: number;
};

export type HeadCardSubject = HeadFacts & {
  fileName: string;
  sha256: string;
  inputName: string;
  outputName: string;
  input: InputRules;
};

/** The card of an exported head, as Markdown. */
export function headCard(subject: HeadCardSubject): string {
  const { segmentation, collection, encoder, architecture, licence, agreement, imageCount } = subject;
  const lines = [
    `# Foreground of ${inline(collection)}`,
    '',
    'An encoder with a foreground head, as one ONNX graph from images to foreground probabilities, written by R2O Studio.',
    '',
    `- File: \`${subject.fileName}\`, SHA-256 \`${subject.sha256}\``,
    `- Encoder: ${inline(encoder)} (${inline(architecture)})`,
    `- Licence of the encoder: ${licence === null ? 'not stated; ask the person who gave you its file' : inline(licence)}`,
    `- Head: learned without labels from ${imageCount} images of the collection "${inline(collection)}" (segmentation "${inline(segmentation)}")`,
    ...(agreement === null
      ? []
      : [`- Agreement: ${agreement.toFixed(2)}, the average IoU with masks that it was not learned from`]),
    '',
    '## Input and output',
    '',
    ...inputLines(subject),
    `- Output \`${subject.outputName}\` [1, 1, H, W] float32: the probability of the foreground in each pixel, from 0.01 to 0.99.`,
    '- Opset 11 or later, standard operators only. Normalization is part of the graph.',
    '',
    'These are the probabilities of the head. The masks of R2O Studio also follow from colours and outlines and',
    'fit the edges of each image, so they are more exact than these probabilities cut at 0.5.',
    '',
    '## Example',
    '',
    '```python',
    ...pythonLines(subject),
    '```',
  ];
  return `${lines.join('\n')}\n`;
}

function inputLines({ inputName, input, inputPx }: HeadCardSubject): string[] {
  const { multipleOf, fixedPx } = input;
  const shape = fixedPx ? `[1, 3, ${fixedPx.heightPx}, ${fixedPx.widthPx}]` : '[1, 3, H, W]';
  return [
    `- Input \`${inputName}\` ${shape} float32: an upright image, red, green and blue from 0 to 1.`,
    ...(fixedPx
      ? []
      : [
          `- H and W are any multiples of ${multipleOf}. The head was learned from images of about ${inputPx} x ${inputPx} pixels in area, in`,
          '  their own aspect ratio; probabilities are best near that size.',
        ]),
  ];
}

/** Ten lines that run as they are, for a photo of any size. */
function pythonLines({ fileName, inputName, input, inputPx }: HeadCardSubject): string[] {
  const { multipleOf, fixedPx } = input;
  return [
    'import numpy as np, onnxruntime as ort',
    'from PIL import Image, ImageOps',
    '',
    `session = ort.InferenceSession(${JSON.stringify(fileName)})`,
    'photo = ImageOps.exif_transpose(Image.open("photo.jpg")).convert("RGB")',
    ...(fixedPx
      ? [`sides = [${fixedPx.widthPx}, ${fixedPx.heightPx}]`]
      : [
          `scale = ${inputPx} / (photo.width * photo.height) ** 0.5`,
          `sides = [max(1, round(side * scale / ${multipleOf})) * ${multipleOf} for side in photo.size]`,
        ]),
    'image = np.asarray(photo.resize(sides), np.float32).transpose(2, 0, 1)[None] / 255',
    `probability = session.run(None, {${JSON.stringify(inputName)}: image})[0][0, 0]  # [H, W]`,
    'mask = Image.fromarray(np.uint8(255 * (probability > 0.5))).resize(photo.size)',
    'mask.save("foreground.png")',
  ];
}
