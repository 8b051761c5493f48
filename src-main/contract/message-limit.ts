import { userError } from './errors.ts';

/** Characters that the run lengths of one mask may have, over every transport. */
export const MAX_RUN_LENGTH_CHARS = 10_000_000;

/**
 * Bytes that one message to the service may have. The largest carry the run lengths of a mask, whose characters are
 * ASCII; JSON writes one of them, the backslash, as two.
 */
export const MAX_MESSAGE_BYTES = 2 * MAX_RUN_LENGTH_CHARS + 2 ** 20;

/**
 * Makes a socket refuse what the server would close it for, so that only the call that is too large fails.
 * @throws UserError BAD_INPUT, from `send`
 */
export function limitMessages(socket: WebSocket): WebSocket {
  const send = socket.send.bind(socket);
  socket.send = (message) => {
    if (sizeBytes(message) > MAX_MESSAGE_BYTES) {
      throw userError('request-too-large', { limit: Math.floor(MAX_MESSAGE_BYTES / 1e6) });
    }
    send(message);
  };
  return socket;
}

function sizeBytes(message: Parameters<WebSocket['send']>[0]): number {
  if (typeof message !== 'string') return message instanceof Blob ? message.size : message.byteLength;
  // UTF-8 takes up to three bytes for one UTF-16 unit; only long texts are worth counting.
  return message.length * 3 <= MAX_MESSAGE_BYTES
    ? message.length
    : new TextEncoder().encode(message).byteLength;
}
