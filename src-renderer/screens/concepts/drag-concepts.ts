import { ConceptId } from '../../../src-main/contract/ids.ts';

const TYPE = 'application/x-r2o-concepts';

/** Lets concepts be dragged. */
export function dragConcepts(event: DragEvent, ids: readonly ConceptId[]): void {
  event.dataTransfer?.setData(TYPE, JSON.stringify(ids));
}

/** The concepts that were dropped; none for anything else. */
export function draggedConcepts(event: DragEvent): ConceptId[] {
  const text = event.dataTransfer?.getData(TYPE) ?? '';
  return text === '' ? [] : ConceptId.array().parse(JSON.parse(text));
}
