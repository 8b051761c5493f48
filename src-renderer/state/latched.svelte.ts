/** True from the first time on that a condition holds, whatever becomes of it. */
export function latched(condition: () => boolean): () => boolean {
  let hasHeld = false;
  const value = $derived.by(() => (hasHeld ||= condition()));
  return () => value;
}
