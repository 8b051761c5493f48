import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Client } from '../../../contract/contract.ts';
import type { Model } from '../../../contract/model.ts';
import { statsIfAny } from '../../../domain/regular-file.ts';
import { findNamed, isNamed } from '../find-named.ts';
import { printable, type Output } from '../output.ts';
import { importModel } from './import-model.ts';

const KIND = { one: 'model', many: 'models', listCommand: 'r2o models list' };
const KIND_OR_FILE = { ...KIND, listCommand: `${KIND.listCommand}, or give a file of weights that exists` };

/** How commands describe the option that `openModel` reads. */
export const MODEL_OR_FILE = 'number or name of a model, or a file of weights, which is imported';

/** A model by its number or name. @throws UserError NOT_FOUND, or BAD_INPUT for a name that several have */
export async function findModel(client: Client, which: string): Promise<Model> {
  return findNamed(await client.models.list(), which, KIND);
}

/**
 * Refuses what `openModel` could not find, for commands that have a folder to scan before they open the model.
 * @returns the model; undefined for a file, which is not imported yet
 * @throws UserError NOT_FOUND, or BAD_INPUT for a name that several have
 */
export async function checkModel(client: Client, which: string | undefined): Promise<Model | undefined> {
  if (which === undefined || isFile(resolve(which))) return undefined;
  return findNamed(await client.models.list(), which, KIND_OR_FILE);
}

/**
 * The model to work with: by its number or name, or by a file of weights, which is imported as `r2o models import`
 * does without options, unless it has been imported before.
 * @throws UserError NOT_FOUND, BAD_INPUT, or what importing the file throws
 */
export async function openModel(client: Client, which: string, output: Output): Promise<Model> {
  const all = await client.models.list();
  const path = resolve(which);
  if (!isFile(path) || isNamed(all, which)) return findNamed(all, which, KIND_OR_FILE);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const sha256 = hash.digest('hex');
  const known = all.find(({ card }) => card.imported?.sha256 === sha256);
  if (known) return known;
  const model = await importModel(client, { path }, { output, isAccepted: false });
  output.note(`Imported ${printable(path)} as model ${model.id} '${printable(model.name)}'.`);
  return model;
}

const isFile = (path: string) => statsIfAny(path)?.isFile() === true;
