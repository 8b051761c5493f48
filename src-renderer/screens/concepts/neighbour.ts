/** What of a DOMRect says where a card lies. */
export type Place = { left: number; top: number; width: number; height: number };

/**
 * Where a key leads among cards in rows of any length.
 * @returns the place in the list, or undefined where the key leads nowhere
 */
export function neighbourOf(key: string, from: number, places: readonly Place[]): number | undefined {
  const within = (to: number) => (to >= 0 && to < places.length && to !== from ? to : undefined);
  switch (key) {
    case 'ArrowLeft':
      return within(from - 1);
    case 'ArrowRight':
      return within(from + 1);
    case 'Home':
      return within(0);
    case 'End':
      return within(places.length - 1);
    case 'ArrowUp':
    case 'ArrowDown':
      return nextRow(from, places, key === 'ArrowDown' ? 1 : -1);
    default:
      return undefined;
  }
}

/** The card of the next row whose middle is nearest. */
function nextRow(from: number, places: readonly Place[], direction: 1 | -1): number | undefined {
  const start = places[from];
  if (!start) return undefined;
  const middle = ({ left, width }: Place) => left + width / 2;
  const beyond = places.flatMap((place, index) => {
    const away = direction * (place.top - start.top);
    return away > start.height / 2 ? [{ index, away, aside: Math.abs(middle(place) - middle(start)) }] : [];
  });
  return beyond.sort((a, b) => a.away - b.away || a.aside - b.aside)[0]?.index;
}
