import type { DatasetPreview, DatasetRecipe } from '../contract/dataset.ts';
import type { SegmentationId } from '../contract/ids.ts';
import { CLASS_WITHOUT_CONCEPT } from '../contract/dataset.ts';
import type { SourceConcept } from '../store/dataset-rows.ts';
import {
  COLOUR_WITHOUT_CONCEPT,
  conceptName,
  planClasses,
  targetOf,
  type ClassPlan,
} from './dataset-classes.ts';
import { sourceConcepts } from './datasets.ts';
import type { Service } from './service.ts';

/** Images whose masks are counted in one step: about a millisecond. */
const CHUNK = 256;

type PreviewConcept = DatasetPreview['concepts'][number];
type ConceptLook = Pick<PreviewConcept, 'colour' | 'isBackground' | 'isLikelyBackground'>;

const WITHOUT_CONCEPT = { colour: COLOUR_WITHOUT_CONCEPT, isBackground: false, isLikelyBackground: false };

/**
 * Counts what a recipe would make, in small steps, as a person turns its knobs: the next question ends this one by
 * its signal.
 * @throws UserError as creating it would; the signal's reason
 */
export async function previewDataset(
  service: Service,
  recipe: DatasetRecipe,
  signal?: AbortSignal,
): Promise<DatasetPreview> {
  const sources = sourceConcepts(service, recipe);
  const plan = planClasses(sources, recipe);
  const concepts = new ConceptCounts(sources, plan);
  const preview: DatasetPreview = {
    images: 0,
    masks: 0,
    leftOut: { changed: 0, missing: 0, empty: 0, hidden: 0 },
    concepts: [],
  };
  for (const segmentationId of recipe.segmentationIds) {
    await countSegmentation({ service, recipe, segmentationId, concepts, preview, signal });
  }
  preview.concepts = concepts.all();
  return preview;
}

type Count = {
  service: Service;
  recipe: DatasetRecipe;
  segmentationId: SegmentationId;
  concepts: ConceptCounts;
  preview: DatasetPreview;
  signal: AbortSignal | undefined;
};

async function countSegmentation({ service, recipe, segmentationId, concepts, preview, signal }: Count) {
  const { datasetRows } = service.store;
  for (let afterId = 0; ;) {
    signal?.throwIfAborted();
    const files = datasetRows.sources({ segmentationId, afterId, limit: CHUNK });
    const last = files.at(-1);
    if (!last) return;
    const rows = datasetRows.sourceCounts({ segmentationId, afterId, lastId: last.imageId, filter: recipe });
    const byImage = Map.groupBy(rows, ({ imageId }) => imageId);
    for (const { imageId, state } of files) {
      if (state !== 'same') {
        preview.leftOut[state]++;
        continue;
      }
      let masks = 0;
      for (const row of byImage.get(imageId) ?? []) masks += concepts.add(row.conceptId, row.masks);
      preview.masks += masks;
      if (masks > 0 || recipe.keepEmptyImages) preview.images++;
      else preview.leftOut.empty++;
    }
    afterId = last.imageId;
    await new Promise(setImmediate);
  }
}

/** Masks by what people call their concept. */
class ConceptCounts {
  readonly #plan: ClassPlan;
  readonly #byName = new Map<string, PreviewConcept>();
  readonly #byId = new Map<number | null, PreviewConcept>();

  constructor(sources: readonly SourceConcept[], plan: ClassPlan) {
    this.#plan = plan;
    const byId = new Map(sources.map((concept) => [concept.id, concept]));
    for (const concept of sources) {
      const target = targetOf(concept, byId);
      if (concept.hasMasks) this.#register(concept.id, conceptName(target), target);
    }
    this.#register(null, CLASS_WITHOUT_CONCEPT, WITHOUT_CONCEPT);
  }

  /** @returns how many of these masks are taken: all or none */
  add(conceptId: number | null, masks: number): number {
    const one = this.#byId.get(conceptId);
    if (one) one.masks += masks;
    return this.#plan.numberOf(conceptId) === undefined ? 0 : masks;
  }

  all(): PreviewConcept[] {
    const hasName = this.#byId.get(null);
    return [...this.#byName.values()].filter((one) => one !== hasName || one.masks > 0);
  }

  #register(id: number | null, name: string, { colour, isBackground, isLikelyBackground }: ConceptLook) {
    const number = this.#plan.numberOf(id);
    const className = this.#plan.classes.find((one) => one.number === number)?.name ?? null;
    const one = this.#byName.get(name) ?? {
      name,
      colour,
      isBackground,
      isLikelyBackground,
      masks: 0,
      className,
    };
    this.#byName.set(name, one);
    this.#byId.set(id, one);
  }
}
