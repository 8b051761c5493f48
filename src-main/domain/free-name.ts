/**
 * A name that the app gives by itself, so that a person can tell things apart: the wanted one, or, where that is taken,
 * with the first number behind it that is free, as in `pets, quick (2)`.
 */
export function freeName(wanted: string, others: readonly { name: string }[]): string {
  const taken = new Set(others.map(({ name }) => name));
  let name = wanted;
  for (let number = 2; taken.has(name); number++) name = `${wanted} (${number})`;
  return name;
}
