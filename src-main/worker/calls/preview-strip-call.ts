import { pictureGrid } from '../../core/image/picture-grid.ts';
import { writeFileAtomically } from '../../core/weights/atomic-file.ts';
import type { CallOf } from '../protocol/call.ts';

/** Writes the region maps of a run as one picture. @throws UserError as `writeFileAtomically` */
export async function writePreviewStrip({ out, rows }: CallOf<'write-preview-strip'>): Promise<void> {
  const bytes = await pictureGrid(rows);
  await writeFileAtomically(out, (write) => write(bytes));
}
