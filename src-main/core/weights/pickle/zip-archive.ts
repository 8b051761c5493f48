import type { RandomAccessFile } from '../random-access-file.ts';
import { damagedFile } from '../weights-error.ts';

/** A member of an archive: where its local header lies, how many bytes it has, and why it cannot be read. */
type Member = { headerOffset: number; sizeBytes: number; problem: string | undefined };

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const END64_SIGNATURE = 0x06064b50;
const END64_BYTES = 56;
const LOCATOR_SIGNATURE = 0x07064b50;
const LOCATOR_BYTES = 20;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const MAX_COMMENT_BYTES = 0xffff;
/** About 250,000 members. */
const MAX_DIRECTORY_BYTES = 32 * 2 ** 20;
const EXTRA_ZIP64 = 1;
const MAX_UINT32 = 0xffffffff;

/**
 * A ZIP archive as PyTorch writes it (APPNOTE.TXT of PKWARE): members are stored and never compressed. Refusing
 * compressed ones means that no archive can hold more than its own size.
 */
export class ZipArchive {
  readonly members: ReadonlyMap<string, Member>;
  readonly #file: RandomAccessFile;

  private constructor(file: RandomAccessFile, members: ReadonlyMap<string, Member>) {
    this.#file = file;
    this.members = members;
  }

  /** Reads the directory. @throws UserError WEIGHTS_DAMAGED */
  static async open(file: RandomAccessFile): Promise<ZipArchive> {
    const { offset, sizeBytes } = await findDirectory(file);
    if (sizeBytes > MAX_DIRECTORY_BYTES) throw damagedFile(file.path, `its directory has ${sizeBytes} bytes`);
    return new ZipArchive(file, parseDirectory(file.path, await file.read(offset, sizeBytes)));
  }

  /**
   * A part of a member.
   * @throws Error for a name that `members` does not have; UserError WEIGHTS_DAMAGED
   */
  async read(name: string, start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const member = this.members.get(name);
    if (!member) throw new Error(`the archive has no '${name}'`);
    if (member.problem !== undefined) throw damagedFile(this.#file.path, `'${name}' is ${member.problem}`);
    if (start + length > member.sizeBytes) {
      throw damagedFile(this.#file.path, `'${name}' has ${member.sizeBytes} bytes, not ${start + length}`);
    }
    const header = viewOf(await this.#file.read(member.headerOffset, LOCAL_BYTES));
    if (header.getUint32(0, true) !== LOCAL_SIGNATURE) {
      throw damagedFile(this.#file.path, `'${name}' is not where the directory says it is`);
    }
    const names = header.getUint16(26, true) + header.getUint16(28, true);
    return await this.#file.read(member.headerOffset + LOCAL_BYTES + names + start, length);
  }
}

async function findDirectory(file: RandomAccessFile): Promise<{ offset: number; sizeBytes: number }> {
  const length = Math.min(file.sizeBytes, LOCATOR_BYTES + END_BYTES + MAX_COMMENT_BYTES);
  const tail = viewOf(await file.read(file.sizeBytes - length, length));
  const end = lastEnd(tail);
  if (end === undefined)
    throw damagedFile(file.path, 'it is a ZIP archive that is cut off: its end is missing');
  const isZip64 = end >= LOCATOR_BYTES && tail.getUint32(end - LOCATOR_BYTES, true) === LOCATOR_SIGNATURE;
  if (!isZip64) return { offset: tail.getUint32(end + 16, true), sizeBytes: tail.getUint32(end + 12, true) };
  const at = toNumber(tail.getBigUint64(end - LOCATOR_BYTES + 8, true), file.path);
  const end64 = viewOf(await file.read(at, END64_BYTES));
  if (end64.getUint32(0, true) !== END64_SIGNATURE) throw damagedFile(file.path, 'its ZIP64 end is missing');
  return {
    offset: toNumber(end64.getBigUint64(48, true), file.path),
    sizeBytes: toNumber(end64.getBigUint64(40, true), file.path),
  };
}

function lastEnd(tail: DataView): number | undefined {
  for (let at = tail.byteLength - END_BYTES; at >= 0; at--) {
    if (tail.getUint32(at, true) === END_SIGNATURE) return at;
  }
  return undefined;
}

function parseDirectory(path: string, bytes: Uint8Array<ArrayBuffer>): Map<string, Member> {
  const members = new Map<string, Member>();
  const view = viewOf(bytes);
  let at = 0;
  while (at < bytes.length) {
    const isEntry = at + ENTRY_BYTES <= bytes.length && view.getUint32(at, true) === ENTRY_SIGNATURE;
    if (!isEntry) throw damagedFile(path, `its directory is damaged at byte ${at}`);
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) =>
      view.getUint16(at + field, true),
    );
    const extraAt = at + ENTRY_BYTES + Number(nameBytes);
    const next = extraAt + Number(extraBytes) + Number(commentBytes);
    if (next > bytes.length) throw damagedFile(path, `its directory is damaged at byte ${at}`);
    const name = Buffer.from(bytes.subarray(at + ENTRY_BYTES, extraAt)).toString('utf8');
    if (members.has(name)) throw damagedFile(path, `it contains '${name}' twice`);
    members.set(name, memberOf(path, view, { at, extraAt, extraBytes: Number(extraBytes) }));
    at = next;
  }
  return members;
}

/** Sizes and offset; those that are all ones stand in the ZIP64 part, in this order. */
function memberOf(
  path: string,
  view: DataView,
  { at, extraAt, extraBytes }: { at: number; extraAt: number; extraBytes: number },
): Member {
  const extra = zip64Extra(view, extraAt, extraBytes);
  let next = extra.start;
  const field = (offset: number) => {
    const value = view.getUint32(at + offset, true);
    if (value !== MAX_UINT32) return value;
    if (next + 8 > extra.end) throw damagedFile(path, `its directory has no sizes at byte ${at}`);
    next += 8;
    return toNumber(view.getBigUint64(next - 8, true), path);
  };
  const sizeBytes = field(24);
  // Equal for stored members; read in any case, because the offset stands behind it.
  const packedBytes = field(20);
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
  const isStored = method === 0 && packedBytes === sizeBytes;
  const problem = flags & 1 ? 'encrypted' : isStored ? undefined : 'compressed, which PyTorch never does';
  return { sizeBytes, headerOffset: field(42), problem };
}

function zip64Extra(view: DataView, start: number, length: number): { start: number; end: number } {
  let at = start;
  while (at + 4 <= start + length) {
    const [id, size] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    const end = at + 4 + size;
    if (id === EXTRA_ZIP64 && end <= start + length) return { start: at + 4, end };
    at = end;
  }
  return { start: 0, end: 0 };
}

function toNumber(value: bigint, path: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damagedFile(path, 'it points past the end of any file');
  return Number(value);
}

const viewOf = (bytes: Uint8Array<ArrayBuffer>) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
