import { hmac } from '@noble/hashes/hmac';
import { sha256 } from '@noble/hashes/sha2';
import { pictureExpiryS, pictureText, signedTarget } from '../../src-main/contract/page-access.ts';
import { serverNowMs } from './server-clock.ts';

// A page has one connection, and so one key; there is none on the desktop, which serves its pictures to nobody else.
let pictureKey: string | undefined;

/** Sets the key that signs the addresses of pictures from now on. */
export function usePictureKey(key: string | undefined): void {
  pictureKey = key;
}

/**
 * The address to load a picture from; see [Note: Page access].
 * @param target its path and query, as the service knows it
 */
export function pictureAddress(target: string): string {
  if (pictureKey === undefined) return target;
  const expiryS = pictureExpiryS(serverNowMs());
  const signature = hmac(sha256, pictureKey, pictureText(target, expiryS));
  return signedTarget(target, expiryS, toBase64Url(signature));
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
