import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { MaskRecord } from '../../../../src-main/core/mask-files/mask-record.ts';
import { draw, masksIn, recordsOf } from '../../../support/mask-records.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

async function read(text: string | Uint8Array): Promise<MaskRecord[]> {
  const path = join(tempFolder(), 'annotations.xml');
  writeFileSync(path, text);
  return recordsOf(path, 'cvat');
}

/** What CVAT writes about an image of 6 x 4 pixels with these shapes. */
const fileOf = (
  shapes: string,
  attributes = 'width="6" height="4"',
) => `<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><task><name>a &amp; b</name><labels><label><name>cat</name></label></labels></task></meta>
  <image id="0" name="cats/a.jpg" ${attributes}>${shapes}</image>
</annotations>`;

async function masksOf(shapes: string) {
  const record = masksIn((await read(fileOf(shapes))).at(-1));
  return record.masks.map((mask) => ({ className: mask.className, drawing: draw(mask) }));
}

describe('a shape of CVAT', () => {
  test.each([
    ['a polygon', '<polygon label="cat" points="1.00,1.00;4.00,1.00;4.00,3.00;1.00,3.00"/>', ['......', '.###..', '.###..', '......']], // prettier-ignore
    ['a polygon that reaches out', '<polygon label="cat" points="-5,2;3,2;3,90;-5,90"/>', ['......', '......', '###...', '###...']], // prettier-ignore
    ['a box', '<box label="cat" occluded="1" xtl="0.00" ytl="0.00" xbr="2.00" ybr="4.00"/>', ['##....', '##....', '##....', '##....']], // prettier-ignore
    ['a box turned around its middle', '<box label="cat" xtl="1" ytl="1" xbr="5" ybr="3" rotation="90.00"/>', ['..##..', '..##..', '..##..', '..##..']], // prettier-ignore
    ['an ellipse', '<ellipse label="cat" cx="2" cy="2" rx="2" ry="2"/>', ['.##...', '####..', '####..', '.##...']], // prettier-ignore
    ['an ellipse turned', '<ellipse label="cat" cx="2" cy="2" rx="2" ry="1" rotation="90"/>', ['.##...', '.##...', '.##...', '.##...']], // prettier-ignore
    ['a mask', '<mask label="cat" rle="0, 2, 1, 1" left="3" top="1" width="2" height="2" z_order="4"/>', ['......', '...##.', '....#.', '......']], // prettier-ignore
  ])('that is %s becomes a mask', async (_, shape, drawing) => {
    expect(await masksOf(shape)).toEqual([{ className: 'cat', drawing }]);
  });

  test('is a part of its group, if the label is the same', async () => {
    const box = (label: string, x: number, group: number) =>
      `<box label="${label}" xtl="${x}" ytl="0" xbr="${x + 1}" ybr="1" group_id="${group}"/>`;
    expect(await masksOf(box('cat', 0, 3) + box('cat', 2, 3) + box('dog', 4, 3) + box('cat', 5, 0))).toEqual([
      { className: 'cat', drawing: ['#.#...', '......', '......', '......'] },
      { className: 'dog', drawing: ['....#.', '......', '......', '......'] },
      { className: 'cat', drawing: ['.....#', '......', '......', '......'] },
    ]);
  });

  test.each([
    ['polyline', 'points="0,0;5,5"', 'A shape of the type polyline has no area, so it is not imported.'],
    ['points', 'points="0,0;5,5"', 'A shape of the type points has no area, so it is not imported.'],
    ['tag', '', 'A shape of the type tag has no area, so it is not imported.'],
    ['skeleton', '', 'A shape of the type skeleton has no area, so it is not imported.'],
    ['polygon', '', 'It cannot be filled: it has fewer than three points.'],
    ['polygon', 'points="0,0;5,5;x,2"', 'It cannot be filled: one of its coordinates is NaN.'],
    ['polygon', 'points="0,0;5,5;2"', 'It cannot be filled: it has 5 numbers, so one point lacks its second.'],
    ['polygon', 'points="10,10;20,10;20,20"', 'It covers no pixel of the image.'],
    ['box', 'xtl="0"', 'It cannot be filled: one of its coordinates is NaN.'],
    ['ellipse', 'cx="1" cy="1" rx="1e300" ry="1"', 'It cannot be filled: one of its coordinates is 1e+300.'],
    ['mask', 'rle="0,4"', 'It has no box.'],
    ['mask', 'rle="0,4" left="0.5" top="0" width="2" height="2"', 'It has no box.'],
    ['mask', 'rle="0,4" left="0" top="0" width="200000" height="200000"', 'Its box is 200000 x 200000, larger than the image.'],
    ['mask', 'rle="0,5" left="0" top="0" width="2" height="2"', 'Its mask cannot be read: its run lengths cover 5 pixels, not 2 x 2.'],
    ['mask', 'rle="0,-1,5" left="0" top="0" width="2" height="2"', 'Its mask cannot be read: a run length is not a whole number.'],
    ['mask', 'left="0" top="0" width="2" height="2"', 'Its mask cannot be read: a run length is not a whole number.'],
    ['mask', 'rle="0,4" left="9" top="0" width="2" height="2"', 'It covers no pixel of the image.'],
    ['mask', 'rle="4" left="0" top="0" width="2" height="2"', 'It covers no pixel of the image.'],
  ])('%s with %j is named, and the others are read', async (type, attributes, detail) => {
    const good = '<box label="dog" xtl="0" ytl="0" xbr="1" ybr="1"/>';
    const [problem, record, ...more] = await read(fileOf(`<${type} label="cat" ${attributes}/>${good}`));
    const name = `annotations.xml: shape 1 (${type} 'cat') of cats/a.jpg`;
    expect(problem).toEqual({ kind: 'problem', name, detail });
    expect(masksIn(record)).toMatchObject({ imageName: 'cats/a.jpg', skipped: 1, masks: [{ className: 'dog' }] });
    expect(more).toEqual([]);
  }); // prettier-ignore
});

describe('a file of CVAT', () => {
  test('may begin with a byte order mark, and names images by their whole path', async () => {
    const records = await read(`\ufeff${fileOf('').replace('cats/', 'sets\\1\\c&amp;d/ü ')}`);
    expect(records.map((record) => masksIn(record).imageName)).toEqual(['sets/1/c&d/ü a.jpg']);
  });

  test('that says no size is read by that of the image', async () => {
    const path = join(tempFolder(), 'a.xml');
    writeFileSync(path, fileOf('<box label="cat" xtl="0" ytl="0" xbr="1" ybr="1"/>', ''));
    expect(await recordsOf(path, 'cvat')).toMatchObject([
      { kind: 'problem', detail: 'The file does not say how large the image is.' },
    ]);
  });

  test('with tracks is refused by name', async () => {
    const track =
      '<track id="7" label="cat"><box frame="0" xtl="0" ytl="0" xbr="1" ybr="1"/><box frame="1"/></track>';
    expect(await read(`<annotations>${track}</annotations>`)).toEqual([
      {
        kind: 'problem',
        name: "annotations.xml: track 7 'cat'",
        detail:
          'Tracks of "CVAT for video" are not imported: export the task from CVAT as "CVAT for images 1.1".',
      },
    ]);
  });

  test('that breaks off has the images before it', async () => {
    const whole = fileOf('<box label="cat" xtl="0" ytl="0" xbr="1" ybr="1"/>');
    const second = '<image id="1" name="b.jpg" width="6" height="4"><box label="cat" xtl="0" ytl';
    expect(await read(whole.replace('</annotations>', second))).toMatchObject([
      { kind: 'masks', imageName: 'cats/a.jpg' },
      { kind: 'problem', name: 'annotations.xml: b.jpg', detail: expect.stringContaining('It is not valid XML') as string },
    ]); // prettier-ignore
  });

  const bomb = `<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>`;
  test.each([
    ['entities', `${bomb}<annotations>&b;</annotations>`, 'It has a document type, which can define entities'],
    ['an external entity', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotations/>', 'It has a document type'],
    ['an unknown entity', '<annotations><image id="0" name="&b;"/></annotations>', 'It is not valid XML'],
    ['deep tags', `<annotations>${'<a>'.repeat(1_000)}`, 'It is nested deeper than 64 levels'],
    ['many attributes', `<annotations><a ${Array.from({ length: 300 }, (_, at) => `a${at}="1"`).join(' ')}/></annotations>`, 'A tag has more than 256 attributes'],
    ['a huge attribute', `<annotations><a b="${'1,'.repeat(2_200_000)}"/></annotations>`, 'Max buffer length exceeded'],
    ['another root', '<annotation><image/></annotation>', 'It is not a file of CVAT'],
    ['nothing', '', 'It has no tag'],
    ['zeros', '\0\0\0\0', 'It is not valid XML'],
    ['JSON', '{"a": 1}', 'It is not valid XML'],
  ])('with %s is refused', async (_, text, detail) => {
    expect(await read(text)).toEqual([{ kind: 'problem', name: 'annotations.xml', detail: expect.stringContaining(detail) as string }]);
  }); // prettier-ignore

  test('is found in a folder, next to files of other kinds', async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'task 1'));
    writeFileSync(join(folder, 'task 1', 'annotations.xml'), fileOf(''));
    writeFileSync(join(folder, 'a.json'), '{}');
    expect(await recordsOf(folder, 'cvat')).toMatchObject([{ kind: 'masks', imageName: 'cats/a.jpg' }]);
    await expect(recordsOf(join(folder, 'task 1'), 'coco')).rejects.toThrow('There is no .json file');
  });
});
