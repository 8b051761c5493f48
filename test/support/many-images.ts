import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { cacheEntry, cachePlace } from '../../src-main/domain/data-layout.ts';
import { ContentHash, JobId, type CollectionId } from '../../src-main/contract/ids.ts';
import type { InspectedFile } from '../../src-main/domain/scan.ts';
import { sharp } from '../../src-main/core/image/sharp-setup.ts';
import type { Service } from '../../src-main/service/service.ts';

const CHUNK = 2_000;

/**
 * A collection of `count` images in the store, as a scan leaves it: all of one content, whose thumbnail is there.
 * Their files do not exist.
 */
export async function manyImages(service: Service, count: number): Promise<CollectionId> {
  const { store, layout } = service;
  const contentHash = ContentHash.parse('ab'.repeat(32));
  const thumbnail = cacheEntry(cachePlace(layout.cache, 'thumbnails'), contentHash);
  mkdirSync(dirname(thumbnail), { recursive: true });
  const grey = sharp({ create: { width: 320, height: 240, channels: 3, background: '#778899' } });
  writeFileSync(thumbnail, await grey.webp().toBuffer());

  const collectionId = store.collections.insert({ name: 'Many', rootPath: '/many', createdAtMs: 1 });
  const scanId = JobId.parse(1);
  for (let start = 0; start < count; start += CHUNK) {
    const files = Array.from({ length: Math.min(CHUNK, count - start) }, (_, index): InspectedFile => ({
      relPath: `photo-${String(start + index).padStart(6, '0')}.jpg`,
      pathBytes: null,
      sizeBytes: 1_000,
      mtimeMs: 1,
      changeTimeMs: null,
      facts: {
        contentHash,
        format: 'jpeg',
        widthPx: 320,
        heightPx: 240,
        orientation: 1,
        colourSpace: 'srgb',
        bitDepth: 8,
        hasAlpha: false,
        frameCount: 1,
        brightness: 0.5,
      },
      problem: null,
      note: null,
    }));
    store.scans.saveInspected({ collectionId, scanId, files });
  }
  return collectionId;
}
