import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { phrase } from '../../contract/error-texts/error-text.ts';
import { userError } from '../../contract/errors.ts';
import { FORMATS_OF_KIND, type ExportedModel, type Model, type WeightsFormat } from '../../contract/model.ts';
import { writeTextAtomically } from './atomic-file.ts';
import { networkExporter } from './export-network.ts';
import type { Exporter } from './exporter.ts';
import { cardJson, cardMarkdown } from './model-card.ts';
import { graphExporter } from './onnx-graph/export-graph.ts';
import type { OpenedModel } from './open-model.ts';
import { vitExporter } from './vit/export-vit.ts';

/** What a kind of encoder is called in messages, and why it leaves in few formats. */
const OTHER_KINDS = {
  vit: { what: 'vision-transformer', why: 'resnets-only' },
  onnx: { what: 'onnx-file', why: 'unnamed-weights' },
} as const;

export type ExportRequest = {
  source: OpenedModel;
  model: Model;
  format: WeightsFormat;
  path: string;
  /** Whether files of these names may be replaced. */
  overwrite: boolean;
};

/**
 * Writes an encoder for other tools, with its card next to it: `PATH.card.md` for people, `PATH.card.json` for
 * programs.
 * @throws UserError BAD_INPUT for a format that has no place for this kind of encoder, or a name that the tool would not
 *   read; ALREADY_EXISTS, DISK_FULL, FILE_NOT_FOUND (no such folder), FILE_UNUSABLE
 */
export async function exportEncoder(request: ExportRequest): Promise<ExportedModel> {
  const { model, format, path, overwrite } = request;
  const { write, usage, suffix = '' } = exporterOf(request);
  if (!path.endsWith(suffix)) {
    throw userError('export-suffix', { file: basename(path), format, suffix });
  }
  const cards = { markdown: `${path}.card.md`, json: `${path}.card.json` };
  if (!overwrite) refuseExisting([path, cards.markdown, cards.json]);
  const { sizeBytes, sha256 } = await write(path);
  const subject = {
    model,
    format,
    usage,
    fileName: basename(path),
    sha256: Buffer.from(sha256).toString('hex'),
  };
  return {
    files: [
      { path, sizeBytes },
      await writeTextAtomically(cards.markdown, cardMarkdown(subject)),
      await writeTextAtomically(cards.json, cardJson(subject)),
    ],
  };
}

function exporterOf({ source, model, format }: ExportRequest): Exporter {
  if (source.kind === 'resnet') return networkExporter(source.encoder, model, format);
  const formats = FORMATS_OF_KIND[source.kind];
  if (formats.some((known) => known === format)) {
    return source.kind === 'vit' ? vitExporter(source.vit, model, format) : graphExporter(source);
  }
  const { what, why } = OTHER_KINDS[source.kind];
  throw userError('export-kind', {
    name: model.name,
    what: phrase(what),
    format,
    why: phrase(why),
    formats: formats.join(', '),
  });
}

/** @throws UserError ALREADY_EXISTS naming the first of the files that exists */
export function refuseExisting(paths: readonly string[]): void {
  const existing = paths.find((path) => existsSync(path));
  if (existing === undefined) return;
  throw userError('file-exists', { path: existing });
}
