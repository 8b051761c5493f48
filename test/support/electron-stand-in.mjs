/** What the desktop host uses of Electron, as far as it goes without windows: it notes what it is asked for. */
import { EventEmitter } from 'node:events';
import { request } from 'node:http';

export const noted = {
  schemes: null,
  isReady: false,
  options: null,
  loaded: [],
  reloads: 0,
  menus: 0,
  shown: [],
};
/** Listeners and handlers that the app has registered, for who plays the system. */
export const handlers = { ipc: {}, protocol: {} };

class WebContents extends EventEmitter {
  session = {
    setPermissionRequestHandler: (handler) => (this.requestPermission = handler),
    setPermissionCheckHandler: (handler) => (this.checkPermission = handler),
  };
  setWindowOpenHandler = (handler) => (this.openWindow = handler);
  isLoadingMainFrame = () => false;
  send = () => undefined;
  reload = () => void noted.reloads++;
}

export class BrowserWindow extends EventEmitter {
  constructor(options) {
    super();
    noted.options = options;
    noted.window = this;
    this.webContents = new WebContents();
    app.emit('web-contents-created', {}, this.webContents);
  }
  loadURL = (url) => Promise.resolve(void noted.loaded.push(url));
  isDestroyed = () => false;
  isMaximized = () => false;
  isMinimized = () => false;
  isFocused = () => true;
  getNormalBounds = () => ({ x: 1, y: 2, width: 1000, height: 700 });
  show = () => undefined;
  focus = () => undefined;
  restore = () => undefined;
  setTitle = (title) => void (this.title = title);
  maximize = () => undefined;
  minimize = () => void (noted.isMinimized = true);
  setProgressBar = () => undefined;
  close() {
    const event = { isPrevented: false, preventDefault: () => (event.isPrevented = true) };
    this.emit('close', event);
    return event.isPrevented;
  }
}

export const app = Object.assign(new EventEmitter(), {
  requestSingleInstanceLock: () => true,
  whenReady: () => Promise.resolve().then(() => void (noted.isReady = true)),
  getLocale: () => 'en-US',
  addRecentDocument: () => undefined,
  setAppUserModelId: () => undefined,
  quit: () => app.emit('will-quit'),
  exit: (code) => process.exit(code),
  getVersion: () => '0.1.0',
  getName: () => 'r2o-studio',
  getPath: () => process.env.R2O_DATA,
  isPackaged: true,
});
export const protocol = {
  registerSchemesAsPrivileged: (schemes) => (noted.schemes = noted.isReady ? 'too late' : schemes),
  handle: (scheme, handler) => (handlers.protocol[scheme] = handler),
};
export const ipcMain = {
  on: (channel, handler) => (handlers.ipc[channel] = handler),
  handle: (channel, handler) => (handlers.ipc[channel] = handler),
};
export const dialog = {
  showOpenDialog: () => Promise.resolve({ filePaths: ['/chosen'] }),
  showSaveDialog: () => Promise.resolve({ filePath: '/saved' }),
  showErrorBox: (_title, text) => void noted.shown.push(text),
};
export const Menu = { buildFromTemplate: (menu) => menu, setApplicationMenu: () => void noted.menus++ };
/** A key store that is there, and keeps nobody out. */
export const safeStorage = {
  isAsyncEncryptionAvailable: () => Promise.resolve(true),
  getSelectedStorageBackend: () => 'gnome_libsecret',
  encryptStringAsync: (text) => Promise.resolve(Buffer.from(text).reverse()),
  decryptStringAsync: (bytes) => Promise.resolve({ result: Buffer.from(bytes).reverse().toString() }),
};
export const nativeTheme = {};
const area = { workArea: { x: 0, y: 0, width: 1920, height: 1080 } };
export const screen = { getPrimaryDisplay: () => area, getAllDisplays: () => [area] };
export const shell = { showItemInFolder: () => undefined };
export class Notification extends EventEmitter {}
export const utilityProcess = {};
export const session = { fromPartition: () => ({}) };
/** Plain HTTP, from this machine; Electron's is Chromium's. */
export const net = { request: (options) => request({ ...options, session: undefined }) };
