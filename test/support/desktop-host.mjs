/**
 * Starts the built desktop app over a stand-in for Electron, and lets the process that forked it show its window in
 * Chromium: requests of the page, calls of the preload script and messages of its port come and go over the channel.
 */
import { fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { registerHooks } from 'node:module';
import * as electron from './electron-stand-in.mjs';

const { app, BrowserWindow, handlers, utilityProcess } = electron;
const standIn = new URL('./electron-stand-in.mjs', import.meta.url).href;
registerHooks({
  resolve: (name, context, next) =>
    name === 'electron' ? { url: standIn, shortCircuit: true } : next(name, context),
});

const tell = (message) => process.send?.(message, () => undefined);
/** The ends of the page's ports that the app has, by the numbers that the page's side gives them. */
const ports = new Map();

utilityProcess.fork = (entry, args, { env }) => {
  const child = fork(entry, args, { env, serialization: 'advanced', execArgv: [] });
  return Object.assign(child, { postMessage: (message) => child.connected && child.send(message) });
};

/** By number: the app's own window is the first, the others show other machines. */
const windows = new Map();
BrowserWindow.getAllWindows = () => [...windows.values()];
let created = 0;
/** What the app's windows do differently if somebody looks at them. */
app.on('web-contents-created', (_event, contents) => {
  const { window } = electron.noted;
  const number = created++;
  windows.set(number, window);
  contents.send = (channel, ...values) => tell({ kind: 'send', number, channel, values });
  const { loadURL } = window;
  window.loadURL = (url) => {
    if (number > 0) tell({ kind: 'window', number, url });
    return loadURL(url);
  };
  window.close = () => {
    let isPrevented = false;
    window.emit('close', { preventDefault: () => (isPrevented = true) });
    if (isPrevented || !windows.delete(number)) return;
    window.isDestroyed = () => true;
    if (number > 0) tell({ kind: 'window-closed', number });
    window.emit('closed');
    if (windows.size === 0) app.emit('window-all-closed');
  };
});
app.quit = () => {
  for (const window of windows.values()) window.close();
  if (windows.size > 0) return;
  app.emit('will-quit');
  process.exit(0);
};

const openPort = (number) => {
  const port = new EventEmitter();
  port.start = () => undefined;
  port.postMessage = (data) => tell({ kind: 'port', number, data });
  ports.set(number, port);
  return port;
};

const answers = {
  request: async ({ url }) => {
    const response = await handlers.protocol.r2o(new Request(url));
    const body = new Uint8Array(await response.arrayBuffer());
    return { status: response.status, headers: Object.fromEntries(response.headers), body };
  },
  invoke: ({ channel, values, senderFrame, number }) =>
    handlers.ipc[channel]({ senderFrame, sender: windows.get(number)?.webContents }, ...values),
  connect: ({ number, senderFrame }) =>
    handlers.ipc['r2o:connect']({ senderFrame, ports: [openPort(number)] }),
  port: ({ number, data }) => void ports.get(number)?.emit('message', { data }),
  // The source is a test's own, as with Playwright's `evaluate`.
  evaluate: ({ source, value }) => (0, eval)(`(${source})`)(electron, value),
  quit: () => app.quit(),
};

process.on('message', async ({ id, ask, ...rest }) => {
  try {
    tell({ kind: 'answer', id, value: await answers[ask](rest) });
  } catch (error) {
    tell({ kind: 'answer', id, problem: String(error) });
  }
});
process.on('disconnect', () => process.exit(0));

await import(new URL('../../out/main/electron.js', import.meta.url).href);
while (electron.noted.loaded.length === 0 && electron.noted.shown.length === 0)
  await new Promise((done) => setTimeout(done, 5));
tell({ kind: 'ready', url: electron.noted.loaded[0], problems: electron.noted.shown });
