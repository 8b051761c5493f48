import { deserialize, serialize } from 'node:v8';

/** Changes with every change of the layout: older ones are computed again. */
const VERSION = 1;

/** Points of a map. `maskIds` [n], 0 for images; `imageIds` [n]; `places` [n, 2] in -1..1. */
export type LaidPoints = { maskIds: Int32Array; imageIds: Int32Array; places: Float32Array };

/** Where the objects and images of a segmentation lie on its map. */
export type LaidMap = {
  /** Of the vectors that were laid out: the same vectors give the same map. */
  key: string;
  /** The description that they are of, by when it was finished. */
  describedAtMs: number;
  laidOutAtMs: number;
  objects: LaidPoints;
  images: LaidPoints;
};

/** The bytes of the file that keeps a map. */
export function packMap(map: LaidMap): Buffer {
  return serialize({ version: VERSION, map });
}

/** The map in such a file; undefined if it is damaged, or of another version of the app. */
export function unpackMap(bytes: Uint8Array): LaidMap | undefined {
  try {
    // Written by `packMap` alone: of the same version, it is of the same shape.
    const kept = deserialize(bytes) as { version?: number; map: LaidMap };
    return kept.version === VERSION ? kept.map : undefined;
  } catch {
    return undefined;
  }
}
