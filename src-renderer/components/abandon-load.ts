/**
 * Gives up the loading of a picture when its element goes, as an attachment. A browser would load it to its end, and keep
 * the element with all around it until then: thousands of tiles while a grid is scrolled fast.
 */
export function abandonLoad(image: HTMLImageElement): () => void {
  return () => image.removeAttribute('src');
}
