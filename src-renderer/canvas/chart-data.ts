type Points = readonly (readonly [number, number])[];

/**
 * Curves over steps as a chart wants them: one row of all steps, and a row of values for each curve, with null where a
 * curve has none. Steps of the curves need not be the same.
 */
export function alignCurves(curves: readonly Points[]): [number[], ...(number | null)[][]] {
  const steps = [...new Set(curves.flatMap((points) => points.map(([step]) => step)))].sort((a, b) => a - b);
  const rows = curves.map((points) => {
    const values = new Map(points);
    return steps.map((step) => values.get(step) ?? null);
  });
  return [steps, ...rows];
}
