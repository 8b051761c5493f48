/**
 * Attached to a picture: stops its loading when its tile leaves the screen, so that the ones that are looked at
 * need not wait for those that have gone past.
 */
export function cancelLoad(picture: HTMLImageElement): () => void {
  return () => {
    picture.removeAttribute('src');
    // Chromium's document holds every picture whose address changed while it stood outside; being taken out of something
    // frees it, and with it the tile around it.
    new DocumentFragment().append(picture);
    picture.remove();
  };
}
