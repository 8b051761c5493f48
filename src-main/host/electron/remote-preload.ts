/** The only bridge into the page of another machine: a way back in, and paths that both machines know. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';

let listener: ((state: unknown) => void) | undefined;
ipcRenderer.on('r2o:remote-state', (_event, state: unknown) => listener?.(state));

contextBridge.exposeInMainWorld('r2oRemote', {
  ticket: () => ipcRenderer.invoke('r2o:remote-ticket'),
  pathOf: (file: File) => ipcRenderer.invoke('r2o:remote-path', webUtils.getPathForFile(file)),
  reveal: (path: string) => ipcRenderer.invoke('r2o:remote-reveal', path),
  onState: (next: (state: unknown) => void) => {
    listener = next;
    ipcRenderer.send('r2o:remote-state');
    return () => {
      if (listener === next) listener = undefined;
    };
  },
});
