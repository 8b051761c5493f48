import { crc32 } from 'node:zlib';
import type { Metadata } from 'sharp';
import { readTiffTags, TIFF_TAGS } from './tiff-tags.ts';

/** Signature, and header with its length and checksum. */
const HEADER_END = 33;
/** The type of an orientation. Source: Exif 2.32 §4.6.4 A. */
const SHORT = 3;
/** Keywords of text chunks in which ImageMagick and others keep EXIF data, as hexadecimal digits. */
const RAW_PROFILES = /^Raw profile type (exif|APP1)$/i;

/**
 * The orientation that a PNG without one in eXIf says in a text chunk: in a raw EXIF profile (tEXt, zTXt or iTXt), or
 * in XMP.
 * @returns 2 to 8; undefined where there is nothing to turn
 */
export function orientationInText({ orientation, comments, xmp }: Metadata): number | undefined {
  if (orientation !== undefined) return undefined;
  const profile = comments?.find(({ keyword }) => RAW_PROFILES.test(keyword));
  const found = (profile && orientationOfProfile(profile.text)) ?? (xmp && orientationOfXmp(xmp));
  return found !== undefined && found >= 2 && found <= 8 ? found : undefined;
}

/**
 * The same PNG with an eXIf chunk that says its orientation, which decoders apply; other eXIf chunks are left out.
 * Source: PNG, 3rd edition (W3C), §11.3.4.5.
 */
export function withOrientation(png: Buffer, orientation: number): Buffer {
  const parts = [png.subarray(0, HEADER_END), exifChunk(orientation)];
  for (let at = HEADER_END; at < png.length;) {
    const end = at + 12 <= png.length ? at + 12 + png.readUInt32BE(at) : png.length;
    if (png.toString('latin1', at + 4, at + 8) !== 'eXIf') parts.push(png.subarray(at, end));
    at = end;
  }
  return Buffer.concat(parts);
}

function exifChunk(orientation: number): Buffer {
  const tiff = Buffer.alloc(26);
  tiff.write('MM\0*', 'latin1');
  tiff.writeUInt32BE(8, 4);
  tiff.writeUInt16BE(1, 8);
  tiff.writeUInt16BE(TIFF_TAGS.orientation, 10);
  tiff.writeUInt16BE(SHORT, 12);
  tiff.writeUInt32BE(1, 14);
  tiff.writeUInt16BE(orientation, 18);
  const body = Buffer.concat([Buffer.from('eXIf', 'latin1'), tiff]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(tiff.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

/** A line with the name, one with the number of bytes, then the bytes in hexadecimal digits. */
function orientationOfProfile(text: string): number | undefined {
  const [, digits = ''] = /^\s*\w+\s+\d+\s+([\da-f\s]+)$/i.exec(text) ?? [];
  const bytes = Buffer.from(digits.replace(/\s+/g, ''), 'hex');
  const isMarked = bytes.toString('latin1', 0, 6) === 'Exif\0\0';
  return readTiffTags(isMarked ? bytes.subarray(6) : bytes)?.get(TIFF_TAGS.orientation);
}

function orientationOfXmp(xmp: Buffer): number | undefined {
  const [, digit] = /tiff:Orientation(?:\s*=\s*["']|\s*>\s*)(\d)/.exec(xmp.toString('utf8')) ?? [];
  return digit === undefined ? undefined : Number(digit);
}
