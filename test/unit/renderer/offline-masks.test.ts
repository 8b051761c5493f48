import { createORPCClient, DynamicLink, type ClientContext, type ClientLink } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Client } from '../../../src-main/contract/contract.ts';
import { RPC_PATH } from '../../../src-main/contract/page-access.ts';
import { reportingLost, unreachable } from '../../../src-main/contract/reporting-lost.ts';
import { startServer } from '../../../src-main/host/server/server.ts';
import { countsOf, emptyBitmap } from '../../../src-renderer/canvas/column-bitmap.ts';
import { ImageMasks } from '../../../src-renderer/screens/masks/image-masks.svelte.ts';
import { Toasts } from '../../../src-renderer/state/toasts.svelte.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';
import { startSegmented } from '../../support/segmented-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';

type Link = ClientLink<ClientContext>;

/** The masks of one image with one object, over a WebSocket to a server that can be stopped and started again. */
async function open() {
  const bitmap = bitmapOf('........', '..###...', '..###...', '........');
  const { service, segmentationId } = startSegmented([
    await drawnImage('a.png', [{ bitmap, className: 'cat' }]),
  ]);
  let link: Link | undefined;
  const connect = async () => {
    const server = await startServer({ service, port: 0, pageFolder: tempFolder() });
    const socket = new WebSocket(server.url.replace('http', 'ws') + RPC_PATH, {
      headers: { Authorization: `Bearer ${server.token}` },
    });
    await once(socket, 'open');
    // ws implements the browser's WebSocket; its type declares the events in its own words.
    const websocket = socket as unknown as globalThis.WebSocket;
    link = reportingLost(new RPCLink({ websocket }), () => socket.readyState !== socket.OPEN);
    onTestFinished(() => server.close());
    return server;
  };
  const server = await connect();
  const client: Client = createORPCClient(
    new DynamicLink<ClientContext>(() => {
      if (!link) throw unreachable();
      return link;
    }),
  );
  const [imageId = -1] = (await client.segmentations.galleryIds({ id: segmentationId })).items;
  const toasts = new Toasts();
  // The gallery lists images of the segmentation only, so this one is an image.
  const masks = new ImageMasks(client, toasts, { id: segmentationId, imageId: imageId as never });
  await masks.load();
  return {
    masks,
    toasts,
    client,
    server,
    connect,
    /** Lets the next call arrive, and its answer get lost. */
    loseNextAnswer: () => {
      const inner = link;
      if (!inner) throw new Error('not connected');
      link = {
        call: async (...call) => {
          link = inner;
          await inner.call(...call);
          throw unreachable();
        },
      };
    },
  };
}

/** One pixel, where no object is. */
function stroke(): string {
  const bitmap = emptyBitmap(8, 4);
  bitmap.data[0] = 1;
  return countsOf(bitmap) ?? '';
}

describe('the masks of an image while the service cannot be reached', () => {
  test('stay on the screen, and a stroke is sent when it is back', async () => {
    const { masks, toasts, server, connect, client } = await open();
    const before = masks.all;
    expect(before).toHaveLength(1);
    await server.close();
    const made = masks.create(stroke(), null);
    await masks.load();
    expect(masks.all).toBe(before);
    expect(masks.error).toBeUndefined();
    expect(masks.isBusy).toBe(true);
    expect(toasts.shown).toEqual([]);

    await connect();
    await masks.reconnected();
    expect((await made)?.changed).toHaveLength(1);
    expect(masks.all).toHaveLength(2);
    expect(await client.masks.ofImage(masks.key)).toHaveLength(2);
    expect(toasts.shown).toEqual([]);
  });

  test('get no second object where the first had arrived and only its answer was lost', async () => {
    const { masks, client, loseNextAnswer } = await open();
    loseNextAnswer();
    const made = masks.create(stroke(), null);
    await expect.poll(async () => (await client.masks.ofImage(masks.key)).length).toBe(2);
    await masks.reconnected();
    expect((await made)?.changed).toHaveLength(1);
    expect(await client.masks.ofImage(masks.key)).toHaveLength(2);
  });

  test('are not undone twice', async () => {
    const { masks, client, loseNextAnswer, toasts } = await open();
    await masks.create(stroke(), null);
    const scanned = masks.all.filter(({ origin }) => origin === 'model').map(({ id }) => id);
    await masks.review(scanned, 'accepted');
    loseNextAnswer();
    await masks.undo();
    await masks.reconnected();
    expect(toasts.shown).toMatchObject([{ tone: 'danger' }]);
    // The review was undone; the object that was drawn before it is still there.
    expect(await client.masks.ofImage(masks.key)).toHaveLength(2);
  });
});
