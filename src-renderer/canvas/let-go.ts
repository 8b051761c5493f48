/**
 * Attached to a picture: stops its loading when its tile leaves the screen, so that the ones that are looked at
 * need not wait for those that have gone past.
 */
export function letGo(picture: HTMLImageElement): () => void {
  return () => picture.removeAttribute('src');
}
