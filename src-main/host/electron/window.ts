import { join } from 'node:path';
import { app, BrowserWindow, dialog, screen } from 'electron';
import type { Logger } from '../../service/logger.ts';
import { closingQuestion, type TaskbarProgress } from './job-signs.ts';
import type { JobWatch } from './job-watch.ts';
import { PAGE_URL } from './page-files.ts';
import type { NativeTexts } from './texts.ts';
import { MIN_HEIGHT, MIN_WIDTH, placeWindow, readWindowState, writeWindowState } from './window-state.ts';

/** A value above 1 shows an indeterminate bar, a negative one none (Electron documentation). */
const INDETERMINATE = 2;
const NO_BAR = -1;
/** Copying a path to the clipboard is all that the page asks for. */
const ONLY_PERMISSION = 'clipboard-sanitized-write';

/** The app's one window. */
export class MainWindow {
  readonly #window: BrowserWindow;
  #mayClose = false;

  constructor(options: {
    stateFile: string;
    texts: () => NativeTexts;
    jobs: JobWatch;
    logger: Logger;
    onClosed: () => void;
  }) {
    const areas = [screen.getPrimaryDisplay(), ...screen.getAllDisplays()].map(({ workArea }) => workArea);
    const { isMaximized, x, y, width, height } = placeWindow(readWindowState(options.stateFile), areas);
    this.#window = new BrowserWindow({
      width,
      height,
      ...(x === undefined || y === undefined ? {} : { x, y }),
      minWidth: MIN_WIDTH,
      minHeight: MIN_HEIGHT,
      show: false,
      webPreferences: {
        preload: join(import.meta.dirname, '../preload/preload.cjs'),
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        webSecurity: true,
      },
    });
    if (isMaximized) this.#window.maximize();
    this.#window.once('ready-to-show', () => this.#window.show());
    this.#window.on('close', (event) => {
      this.#save(options);
      const job = options.jobs.atWork;
      if (!job || this.#mayClose) return;
      event.preventDefault();
      void this.#ask(closingQuestion(options.texts(), job));
    });
    this.#window.on('closed', options.onClosed);
    // A page that crashed is loaded again: jobs run on meanwhile, and the page opens as it was left.
    this.#window.webContents.on('render-process-gone', (_event, details) => {
      options.logger.error(new Error(`The page went away: ${details.reason}`), 'window');
      if (details.reason !== 'clean-exit') this.#window.webContents.reload();
    });
    void this.#window.loadURL(PAGE_URL);
  }

  get isFocused(): boolean {
    return this.#window.isFocused();
  }

  /** Brings it to the front, for a second start of the app. */
  show(): void {
    if (this.#window.isMinimized()) this.#window.restore();
    this.#window.show();
    this.#window.focus();
  }

  send(command: string): void {
    this.show();
    const { webContents } = this.#window;
    const send = () => webContents.send('r2o:command', command);
    // A folder that the app was opened with comes before the page does.
    if (webContents.isLoadingMainFrame()) webContents.once('did-finish-load', send);
    else send();
  }

  showProgress(progress: TaskbarProgress): void {
    if (this.#window.isDestroyed()) return;
    if (progress === 'unknown') this.#window.setProgressBar(INDETERMINATE);
    else this.#window.setProgressBar(progress ?? NO_BAR);
  }

  async #ask({ answers, options }: ReturnType<typeof closingQuestion>): Promise<void> {
    const { response } = await dialog.showMessageBox(this.#window, options);
    const answer = answers[response];
    if (answer === 'minimize') this.#window.minimize();
    if (answer === 'quit') {
      this.#mayClose = true;
      this.#window.close();
    }
  }

  /** A place that cannot be kept, as on a full disk, must not keep the window from closing. */
  #save({ stateFile, logger }: { stateFile: string; logger: Logger }): void {
    try {
      const isMaximized = this.#window.isMaximized();
      writeWindowState(stateFile, { ...this.#window.getNormalBounds(), isMaximized });
    } catch (error) {
      logger.error(error, 'window');
    }
  }
}

/** No page but our own is ever loaded, opened, framed or given a permission. */
export function allowOwnPageOnly(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
    contents.on('will-navigate', (event) => event.preventDefault());
    contents.on('will-frame-navigate', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.session.setPermissionRequestHandler((_contents, permission, answer) =>
      answer(permission === ONLY_PERMISSION),
    );
    contents.session.setPermissionCheckHandler((_contents, permission) => permission === ONLY_PERMISSION);
  });
}
