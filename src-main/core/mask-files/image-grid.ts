/** The size of an image on its upright grid. */
export type GridSize = { widthPx: number; heightPx: number };

/**
 * The size of the image that a file names, asked before anything of that size is made; or one sentence about why its
 * masks cannot be used.
 * @param claimed what the file says that the size is; null if it does not say
 * @param hasOtherNames whether another name of the same image is asked for if this one is not found; false if omitted
 */
export type GridOf = (
  imageName: string,
  claimed: GridSize | null,
  hasOtherNames?: boolean,
) => GridSize | string;

/** The same, also given the path of the file that names the image. */
export type FileGridOf = (
  imageName: string,
  claimed: GridSize | null,
  asked: { file: string; hasOtherNames: boolean },
) => GridSize | string;

/** What is read where no image is known that a size could be compared with: 100 megapixels. */
const MAX_CLAIMED_PIXELS = 100_000_000;

/** Takes the size that a file claims, up to 100 megapixels. */
export const gridOfClaim: GridOf = (_, claimed) => {
  if (!claimed) return 'The file does not say how large the image is.';
  if (claimed.widthPx * claimed.heightPx <= MAX_CLAIMED_PIXELS) return claimed;
  return `It says that the image is ${claimed.widthPx} x ${claimed.heightPx} pixels; the limit is 100 megapixels.`;
};

/** A size out of a file, or null where it is none: not given, not a whole number, or not positive. */
export function claimedSize(widthPx: unknown, heightPx: unknown): GridSize | null {
  return isSide(widthPx) && isSide(heightPx) ? { widthPx, heightPx } : null;
}

const isSide = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;
