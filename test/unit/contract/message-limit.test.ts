import { describe, expect, test } from 'vitest';
import { limitMessages, MAX_MESSAGE_BYTES } from '../../../src-main/contract/message-limit.ts';

type Sent = Parameters<WebSocket['send']>[0];

/** A socket that only remembers what it was given. */
function socketOf(sent: Sent[]) {
  // Of a socket, `limitMessages` uses `send` alone.
  return limitMessages({ send: (message: Sent) => void sent.push(message) } as unknown as WebSocket);
}

describe('a message', () => {
  test.each<[string, Sent]>([
    ['a text', 'a'.repeat(MAX_MESSAGE_BYTES)],
    ['bytes', new Uint8Array(MAX_MESSAGE_BYTES)],
    ['a blob', new Blob([new Uint8Array(MAX_MESSAGE_BYTES)])],
    ['a short text', 'ü'],
  ])('within the limit is sent (%s)', (_, message) => {
    const sent: Sent[] = [];
    socketOf(sent).send(message);
    expect(sent).toEqual([message]);
  });

  test.each<[string, Sent]>([
    ['a text', 'a'.repeat(MAX_MESSAGE_BYTES + 1)],
    ['a text of fewer characters than bytes', 'ü'.repeat(MAX_MESSAGE_BYTES / 2 + 1)],
    ['bytes', new Uint8Array(MAX_MESSAGE_BYTES + 1)],
    ['a blob', new Blob([new Uint8Array(MAX_MESSAGE_BYTES + 1)])],
  ])('beyond it is refused, and the socket stays open (%s)', (_, message) => {
    const sent: Sent[] = [];
    const socket = socketOf(sent);
    expect(() => socket.send(message)).toThrow('larger than 21 MB');
    socket.send('next');
    expect(sent).toEqual(['next']);
  });
});
