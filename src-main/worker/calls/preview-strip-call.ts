import { writePictureGrid } from '../../core/image/picture-grid.ts';
import type { CallOf } from '../protocol/call.ts';

/** Writes the region maps of a run as one picture. @throws UserError as `writePictureGrid` */
export async function writePreviewStrip({ out, rows }: CallOf<'write-preview-strip'>): Promise<void> {
  await writePictureGrid(out, rows);
}
