import { join } from 'node:path';
import {
  BrowserWindow,
  ipcMain,
  safeStorage,
  shell,
  type IpcMainEvent,
  type IpcMainInvokeEvent,
} from 'electron';
import { ErrorInfo, userError, UserError } from '../../contract/errors.ts';
import { RemoteRequest, type RemoteAnswer, type TunnelState } from '../../contract/remote.ts';
import { ticketOfFragment } from '../../contract/page-access.ts';
import { pathHere, pathThere } from '../shared/path-pairs.ts';
import { RemoteBook, type Sealer } from '../shared/remote-book.ts';
import { addRemote, openRemote, type ReachedRemote } from '../shared/remote-machines.ts';
import { isOwnPage } from './page-files.ts';
import { MIN_HEIGHT, MIN_WIDTH } from './window-state.ts';

const [WIDTH, HEIGHT] = [1280, 820];

/** The system's key store, where it has one. Linux without one would only disguise what is stored. */
const KEY_STORE: Sealer = {
  seal: async (text) =>
    (await hasKeyStore()) ? (await safeStorage.encryptStringAsync(text)).toString('base64') : undefined,
  open: async (sealed) => (await safeStorage.decryptStringAsync(Buffer.from(sealed, 'base64'))).result,
};

async function hasKeyStore(): Promise<boolean> {
  if (!(await safeStorage.isAsyncEncryptionAvailable())) return false;
  return process.platform !== 'linux' || safeStorage.getSelectedStorageBackend() !== 'basic_text';
}

type Shown = { window: BrowserWindow; reached: ReachedRemote; state: TunnelState };

/**
 * The windows of other machines. Each shows the page of a server elsewhere, as a browser would: it reaches nothing of this
 * machine but another ticket and the folders that the user has mapped.
 */
export class RemoteWindows {
  readonly #book: RemoteBook;
  readonly #onError: (error: unknown) => void;
  readonly #shown = new Map<string, Shown>();

  /** @param onError reports an error that no page waits for */
  constructor(dataFolder: string, onError: (error: unknown) => void) {
    this.#book = new RemoteBook(dataFolder, KEY_STORE);
    this.#onError = onError;
    ipcMain.handle('r2o:remotes', (event, request: unknown) =>
      isOwnPage(event.senderFrame) ? this.#answer(request) : undefined,
    );
    ipcMain.handle('r2o:remote-ticket', async (event) => {
      const one = this.#of(event);
      return one && ticketOfFragment(new URL(await one.shown.reached.newPageUrl()).hash);
    });
    ipcMain.handle('r2o:remote-path', (event, path: unknown) => this.#pathThere(event, String(path)));
    ipcMain.handle('r2o:remote-reveal', (event, path: unknown) => this.#reveal(event, String(path)));
    ipcMain.on('r2o:remote-state', (event) => {
      const one = this.#of(event);
      if (one) event.sender.send('r2o:remote-state', { name: one.name, ...one.shown.state });
    });
  }

  closeAll(): void {
    for (const { window } of this.#shown.values()) window.close();
  }

  async #answer(request: unknown): Promise<RemoteAnswer> {
    try {
      await this.#carryOut(RemoteRequest.parse(request));
      return { remotes: this.#book.list() };
    } catch (error) {
      if (error instanceof UserError) return { error: error.toInfo() };
      throw error;
    }
  }

  async #carryOut(request: RemoteRequest): Promise<void> {
    switch (request.what) {
      case 'list':
        return;
      case 'add':
        await addRemote(this.#book, request);
        return;
      case 'set-paths':
        this.#book.change(request.name, { paths: request.paths });
        return;
      case 'open':
        await this.#open(request.name);
        return;
      case 'remove':
        this.#book.remove(request.name);
        this.#shown.get(request.name)?.window.close();
        return;
      default:
        request satisfies never;
    }
  }

  async #open(name: string): Promise<void> {
    const open = this.#shown.get(name);
    if (open) {
      if (open.window.isMinimized()) open.window.restore();
      open.window.focus();
      return;
    }
    const reached = await openRemote(this.#book, name, { onState: (state) => this.#setState(name, state) });
    try {
      this.#show(name, reached, await reached.newPageUrl());
    } catch (error) {
      reached[Symbol.dispose]();
      throw error;
    }
  }

  #show(name: string, reached: ReachedRemote, url: string): void {
    const window = new BrowserWindow({
      width: WIDTH,
      height: HEIGHT,
      minWidth: MIN_WIDTH,
      minHeight: MIN_HEIGHT,
      title: name,
      webPreferences: {
        preload: join(import.meta.dirname, '../preload/remote-preload.cjs'),
        // In memory, and shared with no other page.
        partition: `remote-${encodeURIComponent(name)}`,
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        webSecurity: true,
      },
    });
    this.#shown.set(name, { window, reached, state: { isOpen: true } });
    window.on('page-title-updated', (event, title) => {
      event.preventDefault();
      window.setTitle(`${title} · ${name}`);
    });
    window.on('closed', () => {
      this.#shown.delete(name);
      reached[Symbol.dispose]();
    });
    window.loadURL(url).catch(this.#onError);
  }

  #setState(name: string, state: TunnelState): void {
    const shown = this.#shown.get(name);
    if (!shown) return;
    shown.state = state;
    shown.window.webContents.send('r2o:remote-state', { name, ...state });
  }

  #pathThere(event: IpcMainInvokeEvent, path: string): string | undefined {
    const one = this.#of(event);
    if (!one || path === '') return undefined;
    return pathThere(path, this.#book.get(one.name).paths);
  }

  /** @returns why it could not be shown, or null */
  #reveal(event: IpcMainInvokeEvent, path: string): ErrorInfo | null | undefined {
    const one = this.#of(event);
    if (!one) return undefined;
    const here = pathHere(path, this.#book.get(one.name).paths);
    if (here === undefined) return userError('no-path-pair', { name: one.name, path }).toInfo();
    shell.showItemInFolder(here);
    return null;
  }

  /** The machine whose page asks, in the top frame of its window; undefined for any other page. */
  #of({
    sender,
    senderFrame,
  }: IpcMainEvent | IpcMainInvokeEvent): { name: string; shown: Shown } | undefined {
    if (senderFrame?.parent !== null) return undefined;
    for (const [name, shown] of this.#shown) {
      const isItsPage = new URL(senderFrame.url).origin === shown.reached.origin;
      if (shown.window.webContents === sender && isItsPage) return { name, shown };
    }
    return undefined;
  }
}
