import { z } from 'zod';

/** Raw bytes, for messages between processes; they do not travel as JSON. */
export const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes');
