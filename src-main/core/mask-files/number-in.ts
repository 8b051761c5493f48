/** The number that a value of a file is, also as text, as some tools write it; NaN for anything else. */
export function numberIn(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN;
}
