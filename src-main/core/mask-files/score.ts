/** A score from 0 to 1; null if there is none. Some tools write scores in per cent. */
export function shareOf(score: unknown): number | null {
  if (typeof score !== 'number' || !(score >= 0 && score <= 100)) return null;
  return score > 1 ? score / 100 : score;
}
