import type { MaskLesson } from '../../domain/mask-lesson.ts';
import { SafetensorsFile, writeSafetensors, type TensorSource } from '../weights/safetensors.ts';

/** Writes lessons to a file, one after the other. @throws UserError DISK_FULL, FILE_UNUSABLE */
export async function writeMaskLessons(path: string, lessons: readonly MaskLesson[]): Promise<void> {
  const tensors = lessons.flatMap(({ widthPx, heightPx, pixels, mask }, at): TensorSource[] => [
    { name: `${at}.pixels`, dtype: 'U8', shape: [heightPx, widthPx, 3], bytes: () => pixels },
    { name: `${at}.mask`, dtype: 'U8', shape: [heightPx, widthPx], bytes: () => mask },
  ]);
  await writeSafetensors(path, tensors);
}

/** Reads the lessons of a file. @throws UserError WEIGHTS_DAMAGED, FILE_NOT_FOUND, FILE_UNUSABLE */
export async function readMaskLessons(path: string): Promise<MaskLesson[]> {
  await using file = await SafetensorsFile.open(path);
  const lessons: MaskLesson[] = [];
  for (let at = 0; file.tensors.has(`${at}.mask`); at++) {
    const mask = await file.read(`${at}.mask`);
    const pixels = await file.read(`${at}.pixels`);
    const [heightPx = 0, widthPx = 0] = mask.shape;
    lessons.push({ widthPx, heightPx, pixels: pixels.bytes, mask: mask.bytes });
  }
  return lessons;
}
