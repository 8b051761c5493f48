import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { parsedJson } from '../../domain/parsed-json.ts';

/** What a server said of the file whose start is on the disk. */
const Note = z.object({
  address: z.string(),
  /** A strong ETag, or when the file was last changed: what `If-Range` takes. Null where the server gave neither. */
  validator: z.string().nullable(),
  totalBytes: z.number().int().nullable(),
});
type Note = z.infer<typeof Note>;

/** Where a download is put together: the file under its own name, and a note of what it is. */
export type PartialPlace = { file: string; note: string };

/** What an earlier try left. Nothing can be continued where `sizeBytes` is 0. */
export type Kept = Omit<Note, 'address'> & { sizeBytes: number };

const NOTHING: Kept = { sizeBytes: 0, validator: null, totalBytes: null };

/**
 * What is there of the file at an address. Bytes without a note, or of another address, do not count; whether they
 * can be continued is the caller's to find out.
 */
export async function keptOf({ file, note }: PartialPlace, address: string): Promise<Kept> {
  const [sizeBytes, text] = await Promise.all([
    stat(file).then(
      ({ size }) => size,
      () => 0,
    ),
    readFile(note, 'utf8').catch(() => ''),
  ]);
  const known = Note.safeParse(parsedJson(text)).data;
  if (known?.address !== address) return NOTHING;
  const { validator, totalBytes } = known;
  return { sizeBytes, validator, totalBytes };
}

/** Notes what the file will be, before its first byte is written. */
export async function writeNote({ note }: PartialPlace, known: Note): Promise<void> {
  await writeFile(note, JSON.stringify(known));
}

/** Deletes the file, whole or not, and its note. */
export async function discard({ file, note }: PartialPlace): Promise<void> {
  for (const path of [file, note]) await rm(path, { force: true });
}
