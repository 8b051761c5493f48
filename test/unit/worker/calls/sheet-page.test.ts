import { expect, test } from 'vitest';
import { sheetPage } from '../../../../src-main/worker/calls/sheet-page.ts';

const shape = { gridWidth: 1, gridHeight: 1, rle: new Uint8Array() };

test('a page of a sheet loads nothing, and names from outside stay text', () => {
  const name = `a"><script>alert('x')</script>&.jpg`;
  const page = sheetPage('<b>mine</b>', [
    {
      path: '/photos/a',
      name,
      score: 0.876,
      masks: [
        { shape, colour: '#102030', concept: '<i>cat</i>', score: 0.5 },
        { shape, colour: '#102030', concept: '<i>cat</i>', score: 0.25 },
      ],
      picture: Uint8Array.of(1, 2, 3),
    },
  ]);
  expect(page).not.toMatch(/<script|<i>|<b>|https?:|src="(?!data:)/);
  expect(page).toContain('a&quot;&gt;&lt;script&gt;alert(&apos;x&apos;)&lt;/script&gt;&amp;.jpg');
  expect(page).toContain("default-src 'none'");
  expect(page).toContain('src="data:image/webp;base64,AQID"');
  expect(page).toContain('&lt;i&gt;cat&lt;/i&gt;: 2');
  expect(page).toContain('<strong>0.88</strong>');
  expect(page).toContain('1 images with 2 objects');
});
