import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { modelFile } from '../domain/data-layout.ts';
import { userError } from '../contract/errors.ts';
import { freeName } from '../contract/free-name.ts';
import type { ModelId } from '../contract/ids.ts';
import {
  ModelCard,
  type Architecture,
  type ExportedModel,
  type InspectedModel,
  type WeightsFormat,
  type Model,
} from '../contract/model.ts';
import { weightsOf } from '../domain/model-weights.ts';
import { importModel, insertModel, inspectModel, type ImportRequest } from './import-model.ts';
import { outputFile } from '../jobs/output-files.ts';
import type { Service } from './service.ts';
import { makeFolder } from '../domain/make-folder.ts';

/** Models as clients handle them: rows in the store, weights in files that only the worker opens. */
export function modelHandlers(service: Service) {
  const { store, calls, layout } = service;

  const get = (id: ModelId): Model => {
    const model = store.models.get(id);
    if (model) return model;
    throw userError('no-model', { id });
  };

  return {
    get,

    import: (input: ImportRequest): Promise<Model> => importModel(service, input),

    inspect: (input: Parameters<typeof inspectModel>[1]): Promise<InspectedModel> =>
      inspectModel(service, input),

    addUntrained(input: { architecture: Architecture; seed: number; name?: string | undefined }): Model {
      const { architecture, seed } = input;
      return insertModel(service, {
        origin: 'untrained',
        architecture,
        file: null,
        sha256: null,
        runId: null,
        name: input.name ?? freeName(`untrained ${architecture}, seed ${seed}`, store.models.list()),
        card: ModelCard.parse({ seed }),
      });
    },

    async export(input: {
      id: ModelId;
      format: WeightsFormat;
      path: string;
      overwrite: boolean;
      licence?: string | undefined;
    }): Promise<ExportedModel> {
      const path = outputFile(service, input.path, input);
      const model = get(input.id);
      const licence = input.licence ?? model.card.licence;
      await makeFolder(dirname(path));
      return await calls.call({
        kind: 'export-encoder',
        weights: weightsOf(model, layout.models),
        model: { ...model, card: { ...model.card, licence } },
        format: input.format,
        path,
        overwrite: input.overwrite,
      });
    },

    rename(id: ModelId, name: string): Model {
      get(id);
      store.models.rename(id, name);
      service.publish({ type: 'model', modelId: id });
      return get(id);
    },

    /** The row goes first: a file without a row only takes space, a row without its file is a broken model. */
    async remove(id: ModelId): Promise<null> {
      const { file } = get(id);
      store.models.remove(id);
      service.publish({ type: 'model-removed', modelId: id });
      if (file !== null) await rm(modelFile(layout.models, file), { force: true });
      return null;
    },
  };
}
