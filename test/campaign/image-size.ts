/** Every image of the mask files of a campaign is as large as this. */
export const IMAGE_SIZE = { widthPx: 64, heightPx: 48 };
