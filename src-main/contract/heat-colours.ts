/**
 * Colours of probabilities from 0 to 1, as `#rrggbb` in equal steps. Their lightness in OKLab grows evenly, from 0.18
 * to 0.95, so that equal differences look equal, also to who sees few colours; hues turn from violet by red to yellow.
 */
export const HEAT_COLOURS = [
  '#12013c',
  '#3a035a',
  '#6c0568',
  '#a10b64',
  '#ce2f50',
  '#f15b2a',
  '#fd921c',
  '#fec550',
  '#fef46b',
] as const;
