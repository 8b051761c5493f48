/** A box of an ISO base media file (ISO/IEC 14496-12 §4.2): its type and its content, header left out. */
type Box = { type: string; content: Uint8Array };

/** What the item properties of a HEIF file say, beyond what libheif-js passes on. */
export type HeifProperties = { icc: Uint8Array | null; bitDepth: number };

const DEFAULT_BIT_DEPTH = 8;
/** `meta` is a full box: its children start behind the version and the flags. */
const FULL_BOX_BYTES = 4;

/**
 * ICC profile and bit depth of a HEIF file.
 *
 * Takes the first colour profile and the deepest pixel format that the file declares, without following the
 * item associations: the images of one file share both, and a file that mixes them would only lose accuracy.
 */
export function readHeifProperties(bytes: Uint8Array): HeifProperties {
  const meta = childBoxes(bytes).find(({ type }) => type === 'meta');
  const inMeta = meta === undefined ? [] : childBoxes(meta.content.subarray(FULL_BOX_BYTES));
  const inIprp = inMeta.filter(({ type }) => type === 'iprp').flatMap(({ content }) => childBoxes(content));
  const properties = inIprp
    .filter(({ type }) => type === 'ipco')
    .flatMap(({ content }) => childBoxes(content));
  const depths = properties.map(bitDepthOf).filter((depth) => depth !== undefined);
  return {
    icc: properties.map(iccOf).find((icc) => icc !== undefined) ?? null,
    bitDepth: depths.length === 0 ? DEFAULT_BIT_DEPTH : Math.max(...depths),
  };
}

/** The boxes that follow each other in `bytes`; a box that is cut off ends the list. */
function childBoxes(bytes: Uint8Array): Box[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const declared = view.getUint32(at);
    const isLarge = declared === 1 && at + 16 <= bytes.length;
    const headerBytes = isLarge ? 16 : 8;
    // 0 means: up to the end of the file.
    const sizeBytes =
      declared === 0 ? bytes.length - at : isLarge ? Number(view.getBigUint64(at + 8)) : declared;
    if (sizeBytes < headerBytes || at + sizeBytes > bytes.length) break;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    boxes.push({ type, content: bytes.subarray(at + headerBytes, at + sizeBytes) });
    at += sizeBytes;
  }
  return boxes;
}

/** Whether a box at the top level claims more bytes than the file has: the file was cut short. */
export function endsInsideBox(bytes: Uint8Array): boolean {
  const last = childBoxes(bytes).at(-1)?.content;
  const endOfLast = last === undefined ? 0 : last.byteOffset - bytes.byteOffset + last.length;
  return endOfLast !== bytes.length;
}

/** `colr` (ISO/IEC 14496-12 §12.1.5) holds a profile for the types `prof` and `rICC`. */
function iccOf({ type, content }: Box): Uint8Array | undefined {
  if (type !== 'colr') return undefined;
  const colourType = String.fromCharCode(...content.subarray(0, 4));
  return colourType === 'prof' || colourType === 'rICC' ? content.subarray(4) : undefined;
}

/** `pixi` lists bits a channel; `hvcC` keeps the bits of luma, less 8, in its 18th byte. */
function bitDepthOf({ type, content }: Box): number | undefined {
  if (type === 'pixi') return content[FULL_BOX_BYTES + 1];
  const lumaBits = type === 'hvcC' ? content[17] : undefined;
  return lumaBits === undefined ? undefined : (lumaBits & 7) + 8;
}
