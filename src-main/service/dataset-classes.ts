import { CLASS_WITHOUT_CONCEPT, type DatasetClass, type DatasetRecipe } from '../contract/dataset.ts';
import { userError } from '../contract/errors.ts';
import type { SourceConcept } from '../store/dataset-rows.ts';

/** Classes of a version, and which of them a concept's masks belong to. */
export type ClassPlan = {
  classes: DatasetClass[];
  /** Undefined for concepts whose masks are left out; null asks for masks without a concept. */
  numberOf: (conceptId: number | null) => number | undefined;
  /** The last class, if it contains only masks without a concept: it is dropped if there are none. */
  spare: number | undefined;
};

/** Of masks that belong to no concept. */
export const COLOUR_WITHOUT_CONCEPT = '#808080';

/**
 * Names classes after concepts: a concept that was merged into another counts as that one, rules of the recipe
 * rename, merge and ignore, and background is left out unless it is asked for by name.
 * @param concepts of all segmentations, in the order of export
 * @throws UserError BAD_INPUT if the recipe names a concept that does not exist
 */
export function planClasses(concepts: readonly SourceConcept[], recipe: DatasetRecipe): ClassPlan {
  refuseUnknownNames(concepts, recipe);
  const byId = new Map(concepts.map((concept) => [concept.id, concept]));
  const classes: DatasetClass[] = [];
  const numbers = new Map<number | null, number>();
  const assign = (conceptId: number | null, name: string, colour: string) => {
    const existing = classes.find((one) => one.name === name);
    const one = existing ?? { number: classes.length + 1, name, colour };
    if (!existing) classes.push(one);
    numbers.set(conceptId, one.number);
  };
  for (const concept of concepts) {
    const target = targetOf(concept, byId);
    const name = concept.hasMasks ? classNameOf(conceptName(target), target.isBackground, recipe) : undefined;
    if (name !== undefined) assign(concept.id, name, target.colour);
  }
  const nameWithout = classNameOf(CLASS_WITHOUT_CONCEPT, false, recipe);
  const countBefore = classes.length;
  if (nameWithout !== undefined) assign(null, nameWithout, COLOUR_WITHOUT_CONCEPT);
  const spare = classes.length > countBefore ? classes.length : undefined;
  return { classes, numberOf: (conceptId) => numbers.get(conceptId), spare };
}

/** How people call a concept: by its name, or by its number while it has none. */
export function conceptName({ name, number }: Pick<SourceConcept, 'name' | 'number'>): string {
  return name ?? `concept-${number}`;
}

/** The concept that another one stands for: itself, or the one that it was merged into. */
export function targetOf(concept: SourceConcept, byId: ReadonlyMap<number, SourceConcept>): SourceConcept {
  let target = concept;
  // Chains are short; a ring of merges, which nothing should make, ends where it started.
  for (const seen = new Set<number>(); target.mergedInto !== null && !seen.has(target.id);) {
    seen.add(target.id);
    target = byId.get(target.mergedInto) ?? target;
  }
  return target;
}

function classNameOf(
  name: string,
  isBackground: boolean,
  { concepts, classes }: DatasetRecipe,
): string | undefined {
  const isChosen = concepts === null ? !isBackground : concepts.includes(name);
  if (!isChosen || classes.ignore.includes(name)) return undefined;
  return classes.oneClass ?? classes.rename[name] ?? name;
}

function refuseUnknownNames(
  concepts: readonly SourceConcept[],
  { concepts: chosen, classes }: DatasetRecipe,
): void {
  const names = new Set([CLASS_WITHOUT_CONCEPT, ...concepts.map(conceptName)]);
  const wrong = [...(chosen ?? []), ...Object.keys(classes.rename), ...classes.ignore].find(
    (name) => !names.has(name),
  );
  if (wrong === undefined) return;
  const some = [...names].slice(0, 20).join(', ');
  throw userError('dataset-concept', { name: wrong, names: `${some}${names.size > 20 ? ', ...' : ''}` });
}
