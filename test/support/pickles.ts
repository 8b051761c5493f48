/** Bytes of a pickle, opcode by opcode: text stands for itself, numbers for bytes. */
export function pickleOf(...parts: (string | number | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const buffers = parts.map((part) =>
    typeof part === 'number'
      ? Buffer.of(part)
      : typeof part === 'string'
        ? Buffer.from(part, 'latin1')
        : part,
  );
  return Uint8Array.from(Buffer.concat(buffers));
}
