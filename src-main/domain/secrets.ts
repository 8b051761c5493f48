import { createHash, randomBytes } from 'node:crypto';

/** A new secret of 24 random bytes, in base64url. */
export function newSecret(): string {
  return randomBytes(24).toString('base64url');
}

/** Secrets are looked up by their digests, so that the time a look-up takes says nothing about them. */
export function secretDigest(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
