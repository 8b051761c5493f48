import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sniff, SNIFF_BYTES } from '../../../../src-main/core/image/sniff.ts';

const bytes = (latin1: string) => Buffer.from(latin1.padEnd(32, '\0'), 'latin1');
const ftyp = (...brands: string[]) => {
  const [major = '', ...compatible] = brands;
  const size = 16 + compatible.length * 4;
  return bytes(`\0\0\0${String.fromCharCode(size)}ftyp${major}\0\0\0\0${compatible.join('')}`);
};

describe('the first bytes tell', () => {
  it.each([
    ['jpeg', bytes('\xff\xd8\xff\xe0')],
    ['png', bytes('\x89PNG\r\n\x1a\n')],
    ['webp', bytes('RIFF\0\0\0\0WEBPVP8 ')],
    ['gif', bytes('GIF89a')],
    ['tiff', bytes('II*\0')],
    ['tiff', bytes('MM\0+\0\x08\0\0')],
    ['avif', ftyp('avif', 'mif1')],
    ['avif', ftyp('mif1', 'miaf', 'avif')],
    ['heic', ftyp('heic', 'mif1')],
    ['heic', ftyp('msf1', 'hevc')],
    ['heic', ftyp('mif1', 'heic')],
    ['bmp', bytes('BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0')],
  ])('%s', (format, head) => expect(sniff(head, 'txt')).toEqual({ kind: 'image', format }));

  it.each([
    ['a camera raw file (NEF)', bytes('II*\0'), 'nef'],
    ['a camera raw file (Canon CR2)', bytes('II*\0\x10\0\0\0CR\x02\0'), 'jpg'],
    ['a camera raw file (Canon CR3)', ftyp('crx '), ''],
    ['a JPEG XL image', bytes('\0\0\0\x0cJXL \r\n\x87\n'), ''],
    ['a DICOM medical image', Buffer.from(`${'\0'.repeat(128)}DICM`), ''],
    ['a Zeiss CZI microscope file', bytes('ZISRAWFILE\0\0'), ''],
    ['a Nikon ND2 microscope file', bytes('\xda\xce\xbe\x0a'), ''],
    ['a NIfTI medical image', Buffer.from(`${'\0'.repeat(344)}n+1\0`), ''],
    ['a video', ftyp('isom', 'mp42'), 'mp4'],
    ['an icon', bytes('\0\0\x01\0\x01\0\x10\x10\0\0'), ''],
  ])('%s, which is not read', (name, head, extension) =>
    expect(sniff(head, extension)).toMatchObject({ kind: 'foreign', name }),
  );

  it.each([
    ['plain', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['with a byte order mark', '\ufeff<?xml version="1.0"?><svg/>'],
    ['behind a long comment', `<!-- ${'x'.repeat(2000)} --><svg/>`],
    ['with a prefix-free doctype', '<!DOCTYPE svg PUBLIC "x"><svg/>'],
  ])('an SVG %s, packed or not', (_, text) => {
    expect(sniff(Buffer.from(text), 'jpg')).toEqual({ kind: 'svg' });
    expect(sniff(gzipSync(text), 'jpg')).toEqual({ kind: 'svg' });
  });

  it('the placeholder of a file that Git LFS has not downloaded', () => {
    const pointer = Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 5\n`);
    expect(sniff(pointer, 'jpg')).toMatchObject({ kind: 'other', name: expect.stringContaining('git lfs pull') as string });
  }); // prettier-ignore

  it('a web page from a drawing, even when the page holds one', () => {
    const page = Buffer.from('<!doctype html><html><body><svg></svg></body></html>');
    expect(sniff(page, 'svg')).toEqual({ kind: 'other', name: 'a web page (HTML)' });
  });

  it('something about any bytes, without failing', () => {
    const prefix = fc.constantFrom('', '\x1f\x8b', 'BM', 'II*\0', '\0\0\0\x18ftyp', '\xff\xfe', 'P6 ');
    fc.assert(
      fc.property(prefix, fc.uint8Array({ maxLength: SNIFF_BYTES }), (start, rest) => {
        const head = Buffer.concat([Buffer.from(start, 'latin1'), rest]).subarray(0, SNIFF_BYTES);
        expect(['image', 'svg', 'foreign', 'other']).toContain(sniff(head, '').kind);
      }),
    );
  });

  it('text in any script from data, wherever the head ends', () => {
    fc.assert(
      fc.property(fc.nat(8), (shift) => {
        const text = Buffer.from('a'.repeat(shift) + 'चित्र图片📷'.repeat(400)).subarray(0, SNIFF_BYTES);
        expect(sniff(text, 'jpg')).toEqual({ kind: 'other', name: 'a text file' });
      }),
    );
  });
});
