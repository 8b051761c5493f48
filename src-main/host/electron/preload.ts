/** The only bridge into the page: a port for the contract, and what only a desktop can do. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';

window.addEventListener('message', (event) => {
  if (event.source !== window || event.data !== 'r2o:connect') return;
  const [port] = event.ports;
  if (port) ipcRenderer.postMessage('r2o:connect', null, [port]);
});

let listener: ((command: string) => void) | undefined;
/** The latest command that came before the page listened. */
let unheard: string | undefined;
ipcRenderer.on('r2o:command', (_event, command: unknown) => {
  if (listener) listener(String(command));
  else unheard = String(command);
});

contextBridge.exposeInMainWorld('r2oDesktop', {
  pickFolder: () => ipcRenderer.invoke('r2o:pick-folder'),
  pickFile: () => ipcRenderer.invoke('r2o:pick-file'),
  pickSavePath: (name: string) => ipcRenderer.invoke('r2o:pick-save-path', name),
  remotes: (request: unknown) => ipcRenderer.invoke('r2o:remotes', request),
  pathOf: (file: File) => webUtils.getPathForFile(file),
  onCommand: (next: (command: string) => void) => {
    listener = next;
    if (unheard !== undefined) next(unheard);
    unheard = undefined;
    return () => {
      if (listener === next) listener = undefined;
    };
  },
});
