/** True from the first time that a condition holds, even if it no longer does. */
export function latched(condition: () => boolean): () => boolean {
  let hasHeld = false;
  const value = $derived.by(() => (hasHeld ||= condition()));
  return () => value;
}
