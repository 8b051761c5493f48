import type { MaskLesson } from '../../domain/mask-lesson.ts';
import { resizeRgb, sizeWithin } from '../image/resize-rgb.ts';
import { graphOf, type Embedding, type ImagePixels } from './embed-image.ts';
import { findForeground, foregroundCues } from './foreground.ts';
import { surenessOf } from './score.ts';

/** What an image can teach: its plain cut, and how far that can be trusted. */
export type ScoredLesson = {
  lesson: MaskLesson;
  /** 0..1; 0 where nothing was found. */
  score: number;
};

/**
 * Cuts the foreground of an image by its own cues, for a network to learn from.
 * @param sidePx longer side of the lesson
 */
export async function maskLessonOf(
  pixels: ImagePixels,
  embedding: Embedding,
  sidePx: number,
): Promise<ScoredLesson> {
  const { working } = pixels;
  const graph = graphOf(pixels, embedding);
  const foreground = findForeground(graph, foregroundCues(graph, embedding.saliency));
  const members = [...foreground.selected.keys()].filter((s) => foreground.selected[s] === 1);
  const small = await resizeRgb(working, sizeWithin(working, sidePx));
  const { widthPx, heightPx } = small;
  const { labels } = embedding.map;
  const mask = new Uint8Array(widthPx * heightPx);
  for (let y = 0; y < heightPx; y++) {
    const row = Math.floor(((y + 0.5) * working.heightPx) / heightPx) * working.widthPx;
    for (let x = 0; x < widthPx; x++) {
      const label = labels[row + Math.floor(((x + 0.5) * working.widthPx) / widthPx)] ?? 0;
      mask[y * widthPx + x] = foreground.selected[label] ?? 0;
    }
  }
  return {
    // Copied: the pixels of a small image are those of a large buffer's slice, which would be kept with it.
    lesson: { widthPx, heightPx, pixels: Uint8Array.from(small.data), mask },
    score: members.length === 0 ? 0 : surenessOf(graph, foreground, members),
  };
}
