import { expect, test } from 'vitest';
import { callsBelow } from '../../campaign/strace-log.ts';

const LOG = `
101 openat(AT_FDCWD</tmp>, "/photos/a.jpg", O_RDONLY|O_CLOEXEC) = 5</photos/a.jpg>
102   openat(AT_FDCWD</tmp>, "/photos/b.jpg", O_RDONLY <unfinished ...>
102 <... openat resumed>) = 6
101 openat(AT_FDCWD</tmp>, "/data/cache/x.tmp", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 7
101 rename("/data/cache/x.tmp", "/data/cache/x") = 0
101 openat(AT_FDCWD</tmp>, "/photos/a.jpg", O_RDWR|O_CLOEXEC) = 8
101 utimensat(8</photos/a.jpg>, NULL, NULL, 0) = 0
103 unlinkat(AT_FDCWD</photos>, "a.jpg", 0 <unfinished ...>
101 linkat(AT_FDCWD</tmp>, "/photos/a.jpg", AT_FDCWD</tmp>, "/out/a.jpg", 0) = 0`;

test('openings and changes below a folder are told apart, and those elsewhere are nobody’s', () => {
  const { openings, changes } = callsBelow(['/photos', '/labels'], LOG);
  expect(openings).toBe(2);
  expect(changes.map((call) => call.split('(')[0])).toEqual(['openat', 'utimensat', 'unlinkat', 'linkat']);
});
