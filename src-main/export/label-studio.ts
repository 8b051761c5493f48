import { writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { ExportPlan } from '../domain/export-plan.ts';
import { decodeRle } from '../core/mask/rle.ts';
import { encodeLabelStudioRle } from '../core/mask/label-studio-rle.ts';
import type { ExportContext, ExportedImage, ExportedMask, ExportFormatDefinition } from './format.ts';
import { pathFrom } from './place-image.ts';
import { asciiJson, escapeXml, TextFile } from './text-file.ts';

/** The names by which regions find their place in the labeling config. */
const FROM_NAME = 'masks';
const TO_NAME = 'image';

/**
 * Label Studio's own JSON: a task an image, whose masks are brush predictions with scores, and the labeling config
 * that they need. Masks are whole: its converter from COCO would drop run lengths.
 */
export const labelStudio: ExportFormatDefinition = {
  target: 'folder',
  imageFolder: (split) => `images/${split}`,
  help: (plan) => [
    '1. Start Label Studio with LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true and',
    `   LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT=${documentRoot(plan)}`,
    '2. Create a project and paste label_config.xml as its labeling interface.',
    `3. Add a local storage with the path of ${plan.options.images === 'reference' ? 'the originals' : 'the folder images/ here'}; do not sync it.`,
    '4. Import tasks.json. The masks are predictions: they appear when a task is opened.',
  ],
  open: async (context) => {
    const { path, plan } = context;
    const file = await TextFile.create(join(path, 'tasks.json'));
    await writeFile(join(path, 'label_config.xml'), configOf(plan));
    return {
      add: (image) => file.write(`${image.number === 1 ? '[\n' : ',\n'}${asciiJson(taskOf(image, context))}`),
      finish: async () => {
        await file.write('\n]\n');
        await file.flush();
      },
      [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
    };
  },
};

/** All files that Label Studio serves are inside it. */
function documentRoot({ options, rootPaths }: ExportPlan): string {
  const [root] = rootPaths;
  return options.images === 'reference' && root !== undefined && rootPaths.length === 1
    ? dirname(root)
    : options.images === 'reference'
      ? resolve('/')
      : dirname(options.outPath);
}

function taskOf(image: ExportedImage, { plan, finalPath }: ExportContext): object {
  const { file, masks } = image;
  const place =
    file.kind === 'inside' ? `${basename(finalPath)}/${file.path}` : pathFrom(documentRoot(plan), file.path);
  const result = masks.map((mask) => regionOf(mask, image));
  const best = Math.max(0, ...masks.map(({ score }) => score));
  return {
    data: {
      image: `/data/local-files/?d=${place.split('/').map(encodeURIComponent).join('/')}`,
      split: image.split,
    },
    predictions: [{ model_version: `R2O Studio ${plan.appVersion}`, score: best, result }],
  };
}

function regionOf(mask: ExportedMask, { widthPx, heightPx }: ExportedImage): object {
  return {
    id: `r2o${mask.number}`,
    type: 'brushlabels',
    from_name: FROM_NAME,
    to_name: TO_NAME,
    original_width: widthPx,
    original_height: heightPx,
    image_rotation: 0,
    score: mask.score,
    readonly: false,
    hidden: false,
    value: {
      format: 'rle',
      rle: Array.from(encodeLabelStudioRle(decodeRle(mask.shape))),
      brushlabels: [mask.className],
    },
  };
}

function configOf({ classes }: ExportPlan): string {
  const labels = classes.map(
    ({ name, colour }) => `    <Label value="${escapeXml(name)}" background="${colour}"/>\n`,
  );
  return `<View>
  <Image name="${TO_NAME}" value="$image" zoom="true"/>
  <BrushLabels name="${FROM_NAME}" toName="${TO_NAME}">
${labels.join('')}  </BrushLabels>
</View>
`;
}
