import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { UserError } from '../../../contract/errors.ts';
import type { ExportedModel, WeightsFormat, Model } from '../../../contract/model.ts';
import type { WrittenFile } from './atomic-file.ts';
import { writeFileAtomically } from './atomic-file.ts';
import type { Encoder } from './encoder.ts';
import { writeEncoderFile } from './encoder-file.ts';
import { cardJson, cardMarkdown } from './model-card.ts';

/** One kind of file that encoders leave in. */
type Exporter = {
  write: (path: string, encoder: Encoder, model: Model) => Promise<WrittenFile>;
  /** What whoever loads the file has to know, for its card. */
  usage: readonly string[];
};

const EXPORTERS: Readonly<Record<WeightsFormat, Exporter>> = {
  safetensors: {
    write: (path, encoder, { card }) => writeEncoderFile(path, encoder, card),
    usage: [
      'Names and order of axes are those of torchvision; only `fc` is missing: `model.load_state_dict(safetensors.torch.load_file(FILE), strict=False)`.',
    ],
  },
};

export type ExportRequest = {
  encoder: Encoder;
  model: Model;
  format: WeightsFormat;
  path: string;
  /** Whether files of these names may be replaced. */
  overwrite: boolean;
};

/**
 * Writes an encoder for other tools, and its card beside it: `PATH.card.md` for people, `PATH.card.json` for
 * programs.
 * @throws UserError ALREADY_EXISTS, DISK_FULL, FILE_NOT_FOUND (no such folder), FILE_UNUSABLE
 */
export async function exportEncoder(request: ExportRequest): Promise<ExportedModel> {
  const { encoder, model, format, path, overwrite } = request;
  const cards = { markdown: `${path}.card.md`, json: `${path}.card.json` };
  if (!overwrite) refuseExisting([path, cards.markdown, cards.json]);
  const { write, usage } = EXPORTERS[format];
  const { sizeBytes, sha256 } = await write(path, encoder, model);
  const subject = {
    ...{ model, format, usage },
    fileName: basename(path),
    sha256: Buffer.from(sha256).toString('hex'),
  };
  return {
    files: [
      { path, sizeBytes },
      await writeText(cards.markdown, cardMarkdown(subject)),
      await writeText(cards.json, cardJson(subject)),
    ],
  };
}

async function writeText(path: string, text: string) {
  const bytes = new TextEncoder().encode(text);
  const { sizeBytes } = await writeFileAtomically(path, (write) => write(bytes));
  return { path, sizeBytes };
}

function refuseExisting(paths: readonly string[]): void {
  const existing = paths.find((path) => existsSync(path));
  if (existing === undefined) return;
  throw new UserError('ALREADY_EXISTS', `${existing} exists already.`, {
    hint: 'Choose another name, or replace it with --force.',
  });
}
