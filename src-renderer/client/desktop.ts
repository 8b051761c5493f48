import { z } from 'zod';
import { ErrorInfo, userErrorFromInfo } from '../../src-main/contract/errors.ts';
import {
  RemoteAnswer,
  TunnelState,
  type Remote,
  type RemoteRequest,
} from '../../src-main/contract/remote.ts';
import { decodePart } from './decode-part.ts';

/** What the desktop's preload script offers in addition to the contract; absent in a browser. */
export type Desktop = {
  pickFolder: () => Promise<string | undefined>;
  pickFile: () => Promise<string | undefined>;
  /** Where to write a file, which has this name unless the user changes it. */
  pickSavePath: (name: string) => Promise<string | undefined>;
  /** Other machines, as `RemoteAnswer`. */
  remotes: (request: RemoteRequest) => Promise<unknown>;
  /** Where a dropped file or folder lies. */
  pathOf: (file: File) => string;
  /** Commands of the native menu. @returns how to stop listening */
  onCommand: (listener: (command: string) => void) => () => void;
};

/** What the desktop offers to the page of another machine that it shows, see host/electron/remote-preload.ts. */
type RemoteBridge = {
  /** Another ticket, or undefined. */
  ticket: () => Promise<string | undefined>;
  /** Where the other machine has a dropped file or folder; undefined if nobody has said so. */
  pathOf: (file: File) => Promise<string | undefined>;
  /** Shows a path of the other machine in this one's file manager. @returns `ErrorInfo` or null */
  reveal: (path: string) => Promise<unknown>;
  /** Hears the name of the machine with the state of its tunnel, now and whenever it changes. @returns how to stop listening */
  onState: (listener: (state: unknown) => void) => () => void;
};

declare global {
  interface Window {
    r2oDesktop?: Desktop;
    r2oRemote?: RemoteBridge;
  }
}

/** Whether the desktop can be asked for other machines. */
export const hasRemotes = (): boolean => window.r2oDesktop !== undefined;

/** Does something with the list of other machines. @returns the list afterwards @throws UserError */
export async function askForRemotes(request: RemoteRequest): Promise<Remote[]> {
  const answer = RemoteAnswer.parse(await window.r2oDesktop?.remotes(request));
  if ('error' in answer) throw userErrorFromInfo(answer.error);
  return answer.remotes;
}

/** The machine whose page this is, with the state of the tunnel to it. */
export type RemoteState = { name: string } & TunnelState;
const RemoteStateSchema = z.object({ name: z.string() }).and(TunnelState);

/** Follows the tunnel through which the desktop shows this page; nothing is heard anywhere else. @returns how to stop */
export function followTunnel(listener: (state: RemoteState) => void): (() => void) | undefined {
  return window.r2oRemote?.onState((state) => listener(RemoteStateSchema.parse(state)));
}

/** Whether this page can show files of another machine in this one's file manager. */
export const canRevealHere = (): boolean => window.r2oRemote !== undefined;

/** Shows a path of the other machine in this one's file manager. @throws UserError BAD_INPUT if it is nowhere here */
export async function revealHere(path: string): Promise<void> {
  const problem = ErrorInfo.nullable().parse(await window.r2oRemote?.reveal(path));
  if (problem) throw userErrorFromInfo(problem);
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
 * The paths of what was dropped. A desktop knows them, also where another machine has the same files. A browser keeps them to
 * itself, except where the file manager hands over addresses as text; an empty list means that the user has to paste the
 * path.
 */
export async function droppedPaths(transfer: DataTransfer): Promise<string[]> {
  const { r2oDesktop: desktop, r2oRemote: remote } = window;
  if (desktop)
    return Array.from(transfer.files, (file) => desktop.pathOf(file)).filter((path) => path !== '');
  if (remote) {
    const paths = await Promise.all(Array.from(transfer.files, (file) => remote.pathOf(file)));
    return paths.filter((path) => path !== undefined);
  }
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
