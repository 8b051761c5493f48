/**
 * A name that the app assigns automatically, so that people can distinguish items: the wanted one or, if it is taken,
 * with the first number behind it that is free, as in `pets, quick (2)`.
 */
export function freeName(wanted: string, others: readonly { name: string }[]): string {
  const taken = new Set(others.map(({ name }) => name));
  let name = wanted;
  for (let number = 2; taken.has(name); number++) name = `${wanted} (${number})`;
  return name;
}
