import type { Exporter } from '../exporter.ts';
import type { OpenedModel } from '../open-model.ts';
import { GraphCopy } from './graph-encoder.ts';

/** How the app's copy of somebody's ONNX file is written: as it is, without the app's own note. */
export function graphExporter({ path: copy, description }: Extract<OpenedModel, { kind: 'onnx' }>): Exporter {
  const { input, outputs, multipleOf, fixedPx } = description;
  const sides = fixedPx ? `${fixedPx.heightPx}, ${fixedPx.widthPx}` : 'H, W';
  return {
    usage: [
      'The graph of the imported file, unchanged, with all of its weights in this one file.',
      `Input \`${input}\` [B, 3, ${sides}], normalised as above${fixedPx ? '' : `; R2O Studio uses multiples of ${multipleOf} for H and W`}.`,
      ...outputs.map(({ name, layout, channels, stride, leadingTokens }) =>
        layout === 'map'
          ? `Output \`${name}\` [B, ${channels}, H/${stride}, W/${stride}].`
          : `Output \`${name}\` [B, N, ${channels}]: ${leadingTokens} tokens that belong to no place, then cells of ${stride} pixels, row by row.`,
      ),
    ],
    write: async (path) => {
      await using file = await GraphCopy.open(copy);
      return await file.writeTo(path);
    },
  };
}
