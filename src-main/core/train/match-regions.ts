/**
 * Renumbers regions so that they keep the numbers of an earlier clustering of the same images: the pair that shares
 * most pixels first. Numbers are colours on the screen, and K-means deals them anew every time.
 * @param maps region of each pixel, image by image, in [0, regionCount)
 * @param earlier maps of the same images; empty for none
 * @returns the maps with exchanged numbers, still in [0, regionCount)
 */
export function matchRegions(
  maps: readonly Uint8Array[],
  earlier: readonly Uint8Array[],
  regionCount: number,
): Uint8Array[] {
  const pairs = [...sharedPixels(maps, earlier)]
    .map(([key, pixels]) => ({ now: key >> 8, before: key & 0xff, pixels }))
    .filter(({ before }) => before < regionCount)
    .sort((a, b) => b.pixels - a.pixels || a.now - b.now || a.before - b.before);
  const numberOf = new Map<number, number>();
  const taken = new Set<number>();
  for (const { now, before } of pairs) {
    if (numberOf.has(now) || taken.has(before)) continue;
    numberOf.set(now, before);
    taken.add(before);
  }
  const free = Array.from({ length: regionCount }, (_, number) => number).filter(
    (number) => !taken.has(number),
  );
  for (let now = 0; now < regionCount; now++) {
    if (!numberOf.has(now)) numberOf.set(now, free.shift() ?? now);
  }
  return maps.map((map) => map.map((region) => numberOf.get(region) ?? region));
}

/** Pixels by pair of regions, packed as now * 256 + before. */
function sharedPixels(maps: readonly Uint8Array[], earlier: readonly Uint8Array[]): Map<number, number> {
  const counts = new Map<number, number>();
  maps.forEach((map, image) => {
    const before = earlier[image];
    if (before?.length !== map.length) return;
    map.forEach((region, at) => {
      const key = (region << 8) | (before[at] ?? 0);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    });
  });
  return counts;
}
