/**
 * Loads a picture, as an attachment of its element, unless the tile is flying past: what has begun to load is loaded to
 * its end, before what the person stops at, and keeps the tile until then. (Taking `src` away does not help: Chromium
 * then keeps the element for good.)
 */
export function loadWhenCalm(address: string, isHurried: () => boolean): (image: HTMLImageElement) => void {
  return (image) => {
    if (!isHurried()) image.src = address;
  };
}
