/**
 * Steps after which previews are taken: before the first, after the last, and `count` - 2 between, closer together at
 * the beginning, where regions change most.
 * @returns rising numbers of finished steps in [0, totalSteps]
 */
export function previewSteps(totalSteps: number, count: number): number[] {
  if (count <= 0) return [];
  if (count === 1) return [totalSteps];
  const steps = Array.from({ length: count }, (_, index) =>
    Math.round(totalSteps * (index / (count - 1)) ** 1.5),
  );
  return [...new Set(steps)];
}
