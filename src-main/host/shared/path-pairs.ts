import type { PathPair } from '../../contract/remote.ts';

/** Where the other machine has a path of this one; undefined if no pair of folders says so. */
export function pathThere(path: string, pairs: readonly PathPair[]): string | undefined {
  return moved(
    path,
    pairs.map(({ here, there }) => ({ from: here, to: there })),
  );
}

/** Where this machine has a path of the other one; undefined if no pair of folders says so. */
export function pathHere(path: string, pairs: readonly PathPair[]): string | undefined {
  return moved(
    path,
    pairs.map(({ here, there }) => ({ from: there, to: here })),
  );
}

/** The innermost folder decides. Either side may be Windows: its paths compare without case, and with either slash. */
function moved(path: string, pairs: readonly { from: string; to: string }[]): string | undefined {
  const found = pairs
    .map(({ from, to }) => ({ to, depth: partsOf(from).length, rest: below(path, from) }))
    .filter((one) => one.rest !== undefined)
    .toSorted((a, b) => b.depth - a.depth)[0];
  if (!found) return undefined;
  const separator = isWindows(found.to) ? '\\' : '/';
  const parts = [found.to.replace(/[/\\]+$/, ''), ...(found.rest ?? [])];
  return parts.length === 1 && parts[0] === '' ? separator : parts.join(separator);
}

/** The parts of a path below a folder; undefined if it is not in there. */
function below(path: string, folder: string): string[] | undefined {
  if (isWindows(path) !== isWindows(folder)) return undefined;
  const [parts, start] = [partsOf(path), partsOf(folder)];
  const fold = (part: string | undefined) => (isWindows(folder) ? part?.toLowerCase() : part);
  // A step up could lead out of the folder again.
  if (parts.includes('..') || start.some((part, index) => fold(part) !== fold(parts[index])))
    return undefined;
  return parts.slice(start.length);
}

const isWindows = (path: string) => /^([a-z]:|\\\\)/i.test(path);

function partsOf(path: string): string[] {
  return path.split(isWindows(path) ? /[/\\]+/ : /\/+/).filter((part) => part !== '' && part !== '.');
}
