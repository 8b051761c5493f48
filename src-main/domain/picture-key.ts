import { crc32 } from 'node:zlib';
import type { Brightness } from '../contract/brightness.ts';
import type { ContentHash } from '../contract/ids.ts';

/**
 * The key of what caches keep of an image: its content, and the brightness range where one was set or measured, since
 * another range makes another picture of the same file.
 */
export function pictureKey(contentHash: ContentHash, brightness: Brightness | undefined): string {
  if (!brightness) return contentHash;
  const { setting, measured } = brightness;
  const isPlain = setting.kind === 'automatic' && Object.keys(measured).length === 0;
  if (isPlain) return contentHash;
  const ranges = setting.kind === 'automatic' ? Object.entries(measured).sort() : setting;
  return `${contentHash}-${crc32(JSON.stringify(ranges)).toString(16).padStart(8, '0')}`;
}
