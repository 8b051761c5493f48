import { parse } from 'node:path';
import { z } from 'zod';
import type { ServiceEvent } from '../contract/event.ts';
import { ModelCard, type ImportChoices, type InspectedModel, type Model } from '../contract/model.ts';
import { TermsName } from '../contract/terms.ts';
import type { DataLayout } from '../domain/data-layout.ts';
import { freeName } from '../contract/free-name.ts';
import type { CallWorker } from '../jobs/call-worker.ts';
import type { Store } from '../store/database.ts';
import { givenPath } from '../domain/given-path.ts';

/** Next to the settings in their table, and none of them: terms that were accepted, and when. */
const TERMS_KEY = 'acceptedTerms';
const AcceptedTerms = z.partialRecord(TermsName, z.number());

/** What keeps models: rows in the store, weights in files that only the worker opens. */
export type ModelKeeper = {
  store: Store;
  calls: CallWorker;
  layout: DataLayout;
  nowMs: () => number;
  publish: (event: ServiceEvent) => void;
};

export type ImportRequest = ImportChoices & {
  path: string;
  name?: string | undefined;
  licence?: string | undefined;
  acceptTerms?: boolean;
};

/** Inserts the row of a model, whose file is on the disk. */
export function insertModel(keeper: ModelKeeper, model: Omit<Model, 'id' | 'createdAtMs'>): Model {
  const createdAtMs = keeper.nowMs();
  const id = keeper.store.models.insert({ ...model, createdAtMs });
  keeper.publish({ type: 'model', modelId: id });
  return { ...model, id, createdAtMs };
}

/**
 * Keeps a copy of a user's encoder; the row comes after the file, so it always has one.
 * @param architecture the network that it must be; null where any will do
 * @throws UserError WEIGHTS_DAMAGED, WEIGHTS_UNSUPPORTED, TERMS_NOT_ACCEPTED, FILE_NOT_FOUND, FILE_UNUSABLE, DISK_FULL
 */
export async function importModel(
  keeper: ModelKeeper,
  input: ImportRequest,
  architecture: string | null = null,
): Promise<Model> {
  const { store, calls, layout } = keeper;
  const { path: given, name, licence, acceptTerms = false, ...choices } = input;
  const path = givenPath(given);
  const { file, sha256, encoder, facts, record, ...found } = await calls.call({
    kind: 'import-encoder',
    path,
    choices,
    folder: layout.models,
    acceptedTerms: acceptTerms ? TermsName.options : acceptedTerms(store),
    architecture,
  });
  if (acceptTerms && found.terms !== null) remember(keeper, found.terms);
  return insertModel(keeper, {
    origin: 'imported',
    architecture: found.architecture,
    file,
    sha256,
    runId: null,
    name: name ?? freeName(parse(path).name || path, store.models.list()),
    card: ModelCard.parse({ ...facts, encoder, licence: licence ?? found.licence, imported: record }),
  });
}

/** What an import would make of a file; terms that were accepted before are not named again. */
export async function inspectModel(
  { store, calls }: ModelKeeper,
  { path, ...choices }: ImportChoices & { path: string },
): Promise<InspectedModel> {
  const found = await calls.call({ kind: 'inspect-encoder', path: givenPath(path), choices });
  const isAccepted = found.terms !== null && acceptedTerms(store).includes(found.terms);
  return { ...found, terms: isAccepted ? null : found.terms };
}

function acceptedTerms(store: Store): TermsName[] {
  const accepted = acceptances(store);
  return TermsName.options.filter((name) => accepted[name] !== undefined);
}

function remember({ store, nowMs }: ModelKeeper, name: TermsName): void {
  store.settings.setAll({ [TERMS_KEY]: { [name]: nowMs(), ...acceptances(store) } });
}

const acceptances = (store: Store) => AcceptedTerms.parse(store.settings.all()[TERMS_KEY] ?? {});
