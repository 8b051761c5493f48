/** The probability that belongs to log odds. */
export const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));
