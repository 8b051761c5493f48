import { statSync, type BigIntStats } from 'node:fs';

/** What the system knows a file or folder by; undefined for what does not exist, or of which nothing can be said. */
function identityOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

/**
 * Whether two paths lead to the same folder. The system decides, because a folder can have several names: written in
 * other letters where case does not count, composed differently, or mounted twice.
 */
export function isSameFolder(a: string, b: string): boolean {
  if (a === b) return true;
  const [first, second] = [identityOf(a), identityOf(b)];
  // Some file systems number nothing.
  return first !== undefined && first.ino !== 0n && first.ino === second?.ino && first.dev === second.dev;
}
