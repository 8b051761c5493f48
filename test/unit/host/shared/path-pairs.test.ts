import { describe, expect, test } from 'vitest';
import { pathHere, pathThere } from '../../../../src-main/host/shared/path-pairs.ts';

describe('a path of this machine, on the other one', () => {
  const pairs = [
    { here: '/Volumes/nas', there: '/mnt/nas' },
    { here: '/Volumes/nas/photos/', there: '/data/photos' },
    { here: 'D:\\Images', there: '/data/images' },
    { here: '\\\\server\\share', there: '/srv/share' },
  ];

  test.each([
    ['/Volumes/nas', '/mnt/nas'],
    ['/Volumes/nas/video/a.mp4', '/mnt/nas/video/a.mp4'],
    ['/Volumes/nas/photos/2026/a b.jpg', '/data/photos/2026/a b.jpg'],
    ['/Volumes/nas/./photos', '/data/photos'],
    ['d:/images/x/y.png', '/data/images/x/y.png'],
    ['\\\\SERVER\\share\\x', '/srv/share/x'],
  ])('%s is %s', (path, there) => expect(pathThere(path, pairs)).toBe(there));

  test.each([
    '/Volumes/nasty/a',
    '/volumes/nas/a',
    '/Volumes',
    '/Volumes/nas/../secret',
    'E:\\Images\\a',
    'photos',
  ])('%s is nowhere', (path) => expect(pathThere(path, pairs)).toBeUndefined());

  test('comes back to where it was', () => {
    expect(pathHere('/data/images/x/y.png', pairs)).toBe('D:\\Images\\x\\y.png');
    expect(pathHere('/data/photos/2026', pairs)).toBe('/Volumes/nas/photos/2026');
    expect(pathHere('/elsewhere', pairs)).toBeUndefined();
  });

  test('may be a whole disk', () => {
    expect(pathThere('/a/b', [{ here: '/', there: '/mnt/laptop' }])).toBe('/mnt/laptop/a/b');
    expect(pathHere('/mnt/laptop', [{ here: '/', there: '/mnt/laptop' }])).toBe('/');
  });
});
