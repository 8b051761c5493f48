import { decodePart } from './decode-part.ts';

/** What the desktop's preload script offers in addition to the contract; absent in a browser. */
export type Desktop = {
  pickFolder: () => Promise<string | undefined>;
  pickFile: () => Promise<string | undefined>;
  /** Where to write a file, which has this name unless the user changes it. */
  pickSavePath: (name: string) => Promise<string | undefined>;
  /** Where a dropped file or folder lies. */
  pathOf: (file: File) => string;
  /** Commands of the native menu. @returns how to stop listening */
  onCommand: (listener: (command: string) => void) => () => void;
};

declare global {
  interface Window {
    r2oDesktop?: Desktop;
  }
}

/** Asks for a folder with the system's dialog; undefined if there is none, or if the user cancels. */
export async function pickFolder(): Promise<string | undefined> {
  return window.r2oDesktop?.pickFolder();
}

/** Asks for a file with the system's dialog; undefined if there is none, or if the user cancels. */
export async function pickFile(): Promise<string | undefined> {
  return window.r2oDesktop?.pickFile();
}

/** Asks where to write a file with the system's dialog; undefined if there is none, or if the user cancels. */
export async function pickSavePath(name: string): Promise<string | undefined> {
  return window.r2oDesktop?.pickSavePath(name);
}

/**
 * The paths of what was dropped. A desktop knows them. A browser keeps them to itself, except where the file manager
 * hands over addresses as text; an empty list means that the user has to paste the path.
 */
export function droppedPaths(transfer: DataTransfer): string[] {
  const desktop = window.r2oDesktop;
  if (desktop)
    return Array.from(transfer.files, (file) => desktop.pathOf(file)).filter((path) => path !== '');
  const text = transfer.getData('text/uri-list') || transfer.getData('text/plain');
  return text.split(/\r?\n/).flatMap((line) => pathFromText(line) ?? []);
}

/** A path from a `file:` address or from a pasted path; undefined for any other text. */
export function pathFromText(text: string): string | undefined {
  const line = text.trim().replace(/^(["'])(.*)\1$/, '$2');
  if (/^file:/i.test(line)) {
    const path = decodePart(new URL(line).pathname);
    return /^\/[a-z]:/i.test(path) ? path.slice(1) : path;
  }
  return /^(\/|~|[a-z]:[\\/]|\\\\)/i.test(line) ? line : undefined;
}
