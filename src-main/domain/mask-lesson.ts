/** An image with the mask of its foreground, from which a network learns. */
export type MaskLesson = {
  widthPx: number;
  heightPx: number;
  /** [heightPx, widthPx, 3] uint8, interleaved. */
  pixels: Uint8Array;
  /** [heightPx, widthPx]: 1 in the foreground, 0 elsewhere. */
  mask: Uint8Array;
};
