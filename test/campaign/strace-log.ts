/** System calls that change a file or folder, or may: `open` and `openat` only with some flags. */
const CHANGING = [
  ...['open', 'openat', 'openat2', 'creat', 'truncate', 'ftruncate', 'fallocate'],
  ...[
    'rename',
    'renameat',
    'renameat2',
    'unlink',
    'unlinkat',
    'rmdir',
    'mkdir',
    'mkdirat',
    'mknod',
    'mknodat',
  ],
  ...['link', 'linkat', 'symlink', 'symlinkat'],
  ...['chmod', 'fchmod', 'fchmodat', 'fchmodat2', 'chown', 'lchown', 'fchown', 'fchownat'],
  ...['utime', 'utimes', 'futimesat', 'utimensat'],
  ...['setxattr', 'lsetxattr', 'fsetxattr', 'removexattr', 'lremovexattr', 'fremovexattr'],
] as const;

/** What `strace` has to be told: children too, with the paths behind file descriptors. Unknown calls are passed over. */
export const STRACE_OPTIONS: readonly string[] = [
  ...['-f', '-qq', '-y', '-s', '4096'],
  ...['-e', `trace=${CHANGING.map((name) => `?${name}`).join(',')}`, '-e', 'signal=none'],
];

const WRITING_FLAGS = /O_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)/;

/** What a log of strace shows of the files below some folders: how often they were opened, and each change. */
export function callsBelow(folders: readonly string[], log: string): { openings: number; changes: string[] } {
  const calls = log
    .split('\n')
    .map((line) => line.replace(/^\d+ +/, ''))
    // What another process interrupted is told again at its end, without its paths.
    .filter((line) => /^\w+\(/.test(line) && folders.some((folder) => line.includes(folder)));
  const isOpening = (call: string) => call.startsWith('open') && !WRITING_FLAGS.test(call);
  return {
    openings: calls.filter(isOpening).length,
    changes: calls.filter((call) => !isOpening(call)),
  };
}
