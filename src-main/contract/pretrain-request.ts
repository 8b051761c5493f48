import { z } from 'zod';
import { FilePath } from './file-path.ts';
import { CollectionId, ModelId, RunId } from './ids.ts';
import { PresetName, PretrainOverrides } from './pretrain.ts';
import { ShownName } from './shown-name.ts';

/** A pretraining, as a person asks for it. */
export const PretrainRequest = z.object({
  collectionId: CollectionId,
  preset: PresetName.default('quick'),
  /** Settings of the preset to change. */
  overrides: PretrainOverrides.default({}),
  /** The fastest one by default. */
  device: z.string().optional(),
});

export const PretrainStart = PretrainRequest.extend({
  name: ShownName.optional(),
  fromModelId: ModelId.optional(),
  /** Only prepares the run, and writes all that PyTorch needs for it into this folder. */
  planTo: FilePath.optional(),
});

export const RunResumption = z.object({
  id: RunId,
  device: z.string().optional(),
  /** As for `PretrainStart`. */
  planTo: FilePath.optional(),
});
