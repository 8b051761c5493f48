import { LRUCache } from 'lru-cache';
import { clickScene, type ClickScene } from '../../core/segment/click/click-scene.ts';
import { ClickedObject } from '../../core/segment/click/click-segment.ts';
import { placeSeeds } from '../../core/segment/click/place-seeds.ts';
import { enlargeMask } from '../../core/segment/enlarge-mask.ts';
import type { ClickSeeds } from '../../contract/click-seeds.ts';
import type { Grid } from '../../core/superpixel/components.ts';
import type { CallOf, ResultOf } from '../protocol/call.ts';
import { embeddingKey } from '../threads/embedding-entries.ts';
import { embeddingOf, pixelsOf } from './segmented-image.ts';

/** Photos that are kept ready for clicks: some 10 MB each. */
const KEPT_SCENES = 3;

const scenes = new LRUCache<string, Promise<ClickScene>>({ max: KEPT_SCENES });

/**
 * What clicks on a photo mean. The photo stays ready for the next click; a worker that has ended since makes it ready again.
 * @throws UserError IMAGE_UNAVAILABLE, MODEL_UNAVAILABLE
 */
export async function segmentClicks(call: CallOf<'segment-clicks'>): Promise<ResultOf<'segment-clicks'>> {
  const scene = await keptScene(call);
  const { widthPx, heightPx, given, isNested } = call;
  const original = { widthPx, heightPx };
  if (given.seeds.length === 0 && !given.box) return { answers: [], best: -1 };
  const clicked = clickedObject(scene, given, original);
  const { masks, best } = isNested ? clicked.answers() : clicked.bestOnly();
  const enlarged = masks.map((mask) => enlargeMask(mask, scene.fine, original));
  const answers = enlarged.filter((answer) => answer !== null);
  const chosen = enlarged[best];
  return { answers, best: chosen ? answers.indexOf(chosen) : answers.length - 1 };
}

let last: { scene: ClickScene; key: string; clicked: ClickedObject } | undefined;

/** What seeds mean. The last is kept: after the best answer, the others are asked for. */
function clickedObject(scene: ClickScene, given: ClickSeeds, original: Grid): ClickedObject {
  const key = JSON.stringify(given);
  if (last?.scene === scene && last.key === key) return last.clicked;
  const clicked = new ClickedObject(scene, placeSeeds(given, original, scene.graph.map));
  last = { scene, key, clicked };
  return clicked;
}

function keptScene(call: CallOf<'segment-clicks'>): Promise<ClickScene> {
  const { contentHash, segmented, limits } = call;
  const key = embeddingKey(contentHash, { ...segmented, limits });
  const kept = scenes.get(key);
  if (kept) return kept;
  const scene = openScene(call);
  scenes.set(key, scene);
  // What could not be opened may be there the next time.
  scene.catch(() => scenes.delete(key));
  return scene;
}

async function openScene(call: CallOf<'segment-clicks'>): Promise<ClickScene> {
  const pixels = await pixelsOf(call);
  return await clickScene(pixels, await embeddingOf(call, call.segmented, () => Promise.resolve(pixels)));
}
