import { rowRunsBitmap } from '../mask/row-runs.ts';
import type { EncodedMask } from '../mask/rle.ts';
import { claimedSize, type GridSize } from './image-grid.ts';
import type { MaskFileContext, MaskRecord } from './mask-record.ts';
import { ObjectParts } from './object-parts.ts';
import { placeOnGrid } from './place-on-grid.ts';
import { readXml, type XmlTag } from './read-xml.ts';
import { ellipseMask, NO_PIXEL, polygonMask, rectangleMask } from './shapes.ts';

type Attributes = Readonly<Record<string, string>>;

/**
 * The masks of a file of "CVAT for images 1.1": masks, polygons, boxes and ellipses. Shapes of a group with the same
 * label are parts of one object. Each shape without an area, and each track of "CVAT for video", is a problem that
 * names it. If the file breaks off, the images before it are read.
 * Source: CVAT documentation, XML annotation format.
 */
export async function* readCvat(path: string, context: MaskFileContext): AsyncGenerator<MaskRecord> {
  const reader = new CvatReader(context);
  for await (const tags of readXml(path)) {
    for (const tag of tags) {
      if (tag.kind === 'problem') yield { kind: 'problem', name: reader.place, detail: tag.detail };
      else yield* reader.read(tag);
    }
  }
}

class CvatReader {
  readonly #context: MaskFileContext;
  #root: string | undefined;
  #image: CvatImage | undefined;

  constructor(context: MaskFileContext) {
    this.#context = context;
  }

  /** The file, and the image that is being read, for messages. */
  get place(): string {
    const { name } = this.#context;
    return this.#image ? `${name}: ${this.#image.name}` : name;
  }

  *read(tag: XmlTag): Generator<MaskRecord> {
    if (tag.kind === 'close') {
      if (tag.depth === IMAGE_DEPTH && this.#image) {
        yield* this.#image.records();
        this.#image = undefined;
      }
    } else if (tag.depth === 1) {
      this.#root = tag.name;
      if (tag.name !== 'annotations') yield this.#problem('', NO_CVAT);
    } else if (this.#root !== 'annotations') return;
    else if (tag.depth === IMAGE_DEPTH) yield* this.#open(tag);
    else if (tag.depth === IMAGE_DEPTH + 1 && this.#image) this.#image.add(tag.name, tag.attributes);
  }

  *#open({ name, attributes }: Extract<XmlTag, { kind: 'open' }>): Generator<MaskRecord> {
    if (name === 'image') this.#image = new CvatImage(attributes, this.#context);
    if (name === 'track') {
      const { id = '', label = '' } = attributes;
      yield this.#problem(`: track ${id} '${label}'`, NO_TRACKS);
    }
  }

  #problem(entry: string, detail: string): MaskRecord {
    return { kind: 'problem', name: `${this.#context.name}${entry}`, detail };
  }
}

/** Images and tracks are inside the root. */
const IMAGE_DEPTH = 2;
const NO_CVAT = 'It is not a file of CVAT: its outermost tag is not <annotations>.';
const NO_TRACKS =
  'Tracks of "CVAT for video" are not imported: export the task from CVAT as "CVAT for images 1.1".';

class CvatImage {
  readonly name: string;
  readonly #grid: GridSize | string;
  readonly #fileName: string;
  readonly #objects = new ObjectParts();
  readonly #problems: MaskRecord[] = [];
  #shapes = 0;

  constructor({ id = '', name, width, height }: Attributes, context: MaskFileContext) {
    this.#fileName = context.name;
    this.name = name ? name.replaceAll('\\', '/') : `image ${id}`;
    const claimed = claimedSize(numberOf(width), numberOf(height));
    this.#grid = name ? context.gridOf(this.name, claimed) : 'Its image has no name.';
  }

  add(type: string, attributes: Attributes): void {
    const { label, group_id = '0' } = attributes;
    const number = ++this.#shapes;
    const mask = typeof this.#grid === 'string' ? this.#grid : maskOf(type, attributes, this.#grid);
    if (typeof mask !== 'string') {
      const key = group_id === '0' ? undefined : `${group_id}\n${label ?? ''}`;
      this.#objects.add(key, mask, { className: label ?? null, score: null });
      return;
    }
    const name = `${this.#fileName}: shape ${number} (${type} '${label ?? ''}') of ${this.name}`;
    this.#problems.push({ kind: 'problem', name, detail: mask });
  }

  *records(): Generator<MaskRecord> {
    yield* this.#problems;
    if (typeof this.#grid === 'string') return;
    const masks = this.#objects.masks();
    const skipped = this.#problems.length;
    yield { kind: 'masks', imageName: this.name, ...this.#grid, masks, ignored: null, skipped };
  }
}

/** The mask of a shape, or one sentence about why it is none. */
function maskOf(type: string, attributes: Attributes, grid: GridSize): EncodedMask | string {
  const number = (name: string) => numberOf(attributes[name]);
  const rotation = attributes.rotation === undefined ? 0 : number('rotation');
  switch (type) {
    case 'mask':
      return maskOfRuns(attributes, grid);
    case 'polygon':
      return polygonMask(
        attributes.points
          ?.replace(/[;,\s]+$/, '')
          .split(/[;,]/)
          .map(numberOf) ?? [],
        grid,
      );
    case 'box': {
      const [x, y] = [number('xtl'), number('ytl')];
      const [width, height] = [number('xbr') - x, number('ybr') - y];
      return rectangleMask({ x, y, width, height, rotation }, grid);
    }
    case 'ellipse': {
      const [x, y, radiusX, radiusY] = [number('cx'), number('cy'), number('rx'), number('ry')];
      return ellipseMask({ x, y, radiusX, radiusY, rotation }, grid);
    }
    default:
      return `A shape of the type ${type} has no area, so it is not imported.`;
  }
}

/** Run lengths row by row inside a box, background first. */
function maskOfRuns({ rle, left, top, width, height }: Attributes, grid: GridSize): EncodedMask | string {
  const size = claimedSize(numberOf(width), numberOf(height));
  const corner = { x: numberOf(left), y: numberOf(top) };
  if (!size || !Number.isSafeInteger(corner.x) || !Number.isSafeInteger(corner.y)) return 'It has no box.';
  if (size.widthPx > grid.widthPx || size.heightPx > grid.heightPx) {
    return `Its box is ${size.widthPx} x ${size.heightPx}, larger than the image.`;
  }
  const crop = rowRunsBitmap(numbersIn(rle ?? ''), size);
  return typeof crop === 'string'
    ? `Its mask cannot be read: ${crop}.`
    : (placeOnGrid(crop, corner, grid) ?? NO_PIXEL);
}

/** NaN for what is no number, or missing. */
function numberOf(text: string | undefined): number {
  return text === undefined || text.trim() === '' ? NaN : Number(text);
}

/** Numbers with commas between them, one by one: run lengths may be millions. */
function* numbersIn(text: string): Generator<number> {
  for (let from = 0; from <= text.length;) {
    const comma = text.indexOf(',', from);
    const end = comma < 0 ? text.length : comma;
    yield numberOf(text.slice(from, end));
    from = end + 1;
  }
}
