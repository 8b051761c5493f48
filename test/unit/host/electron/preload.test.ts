import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { Desktop } from '../../../../src-renderer/client/desktop.ts';
import { BRIDGE } from '../../../support/electron.ts';

const file = resolve(import.meta.dirname, '../../../../out/preload/preload.cjs');

type Listener = (event: unknown, command: unknown) => void;
type MessageListener = (event: { source: unknown; data: unknown; ports: unknown[] }) => void;

/** The built preload script in a window, over a stand-in for Electron. */
function runPreload() {
  const exposed: Record<string, Desktop> = {};
  const required: string[] = [];
  const sent: unknown[][] = [];
  const command: Listener[] = [];
  const message: MessageListener[] = [];
  const electron = {
    contextBridge: { exposeInMainWorld: (name: string, api: Desktop) => void (exposed[name] = api) },
    ipcRenderer: {
      on: (_channel: string, listener: Listener) => void command.push(listener),
      invoke: (...call: unknown[]) => Promise.resolve(void sent.push(call)),
      postMessage: (...call: unknown[]) => void sent.push(call),
    },
    webUtils: {},
  };
  const require = (name: string) => {
    required.push(name);
    return electron;
  };
  const window = { addEventListener: (_type: string, listener: MessageListener) => message.push(listener) };
  runInNewContext(readFileSync(file, 'utf8'), { require, window, exports: {}, module: { exports: {} } });
  const bridge = exposed.r2oDesktop;
  if (!bridge) throw new Error('nothing was exposed');
  return {
    exposed,
    required,
    sent,
    window,
    bridge,
    hear: (text: string) => command.forEach((listener) => listener({}, text)),
    post: (event: Parameters<MessageListener>[0]) => message.forEach((listener) => listener(event)),
  };
}

describe('the built preload script', () => {
  test('asks for Electron alone, and exposes one small bridge', () => {
    const { required, exposed, bridge } = runPreload();
    expect(required).toEqual(['electron']);
    expect(Object.keys(exposed)).toEqual(['r2oDesktop']);
    expect(Object.keys(bridge).toSorted()).toEqual(BRIDGE);
    expect(readFileSync(file, 'utf8').split('\n').length).toBeLessThan(100);
  });

  test('hands over a port that its own window posts, and no other message', () => {
    const { post, sent, window } = runPreload();
    const port = {};
    post({ source: {}, data: 'r2o:connect', ports: [port] });
    post({ source: window, data: 'something else', ports: [port] });
    post({ source: window, data: 'r2o:connect', ports: [] });
    expect(sent).toEqual([]);
    post({ source: window, data: 'r2o:connect', ports: [port] });
    expect(sent).toEqual([['r2o:connect', null, [port]]]);
  });

  test('keeps a command that comes before the page listens, and tells none after it has stopped', () => {
    const { hear, bridge } = runPreload();
    const heard: string[] = [];
    hear('library/1');
    hear('library/2');
    const stop = bridge.onCommand((text) => heard.push(text));
    hear('settings');
    stop();
    hear('activity');
    expect(heard).toEqual(['library/2', 'settings']);
    bridge.onCommand((text) => heard.push(text));
    expect(heard).toEqual(['library/2', 'settings', 'activity']);
  });
});
