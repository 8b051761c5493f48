import type { MenuItemConstructorOptions } from 'electron';
import type { Collection } from '../../contract/collection.ts';
import { SCREEN_PLACES, type ScreenPlace } from '../../contract/screens.ts';
import type { NativeTexts } from './texts.ts';

const MAX_RECENT = 8;

export type MenuOptions = {
  platform: NodeJS.Platform;
  texts: NativeTexts;
  /** Newest first. */
  recent: readonly Pick<Collection, 'id' | 'name'>[];
  /** Sends a command to the page: the address of a screen, or `shortcuts`. */
  command: (command: string) => void;
  addFolder: () => void;
  /** Shows the other machines. */
  connect: () => void;
  showLog: () => void;
};

/** The application's menu. What the page has shortcuts for keeps them there: the menu only names them. */
export function menuTemplate(options: MenuOptions): MenuItemConstructorOptions[] {
  const { platform, texts } = options;
  const isMac = platform === 'darwin';
  return [
    ...(isMac ? [{ role: 'appMenu' } as const] : []),
    { label: texts.file, submenu: fileMenu(options) },
    { role: 'editMenu', label: texts.edit },
    { label: texts.view, submenu: viewMenu(options) },
    { role: 'windowMenu', label: texts.window },
    {
      role: 'help',
      label: texts.help,
      submenu: [
        { label: texts.shortcuts, click: () => options.command('shortcuts') },
        { label: texts.showLog, click: options.showLog },
        ...(isMac ? [] : [{ role: 'about' } as const]),
      ],
    },
  ];
}

function fileMenu({
  platform,
  texts,
  recent,
  command,
  addFolder,
  connect,
}: MenuOptions): MenuItemConstructorOptions[] {
  const shown = recent.slice(0, MAX_RECENT);
  return [
    { label: texts.addFolder, accelerator: 'CmdOrCtrl+O', registerAccelerator: false, click: addFolder },
    {
      label: texts.recent,
      enabled: shown.length > 0,
      submenu: shown.map(({ id, name }) => ({
        // A single & would underline the letter behind it.
        label: name.replaceAll('&', '&&'),
        click: () => command(`library/${id}`),
      })),
    },
    { type: 'separator' },
    { label: texts.connect, click: connect },
    { type: 'separator' },
    platform === 'darwin' ? { role: 'close' } : { role: 'quit' },
  ];
}

function viewMenu({ texts, command }: MenuOptions): MenuItemConstructorOptions[] {
  const screensAt = (wanted: ScreenPlace['place']) =>
    SCREEN_PLACES.filter(({ place }) => place === wanted).map(({ id, keys }) => ({
      label: texts.screens[id],
      accelerator: acceleratorOf(keys),
      registerAccelerator: false,
      click: () => command(id),
    }));
  return [
    ...screensAt('top'),
    { type: 'separator' },
    ...screensAt('foot'),
    { type: 'separator' },
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { role: 'togglefullscreen' },
  ];
}

/** Keys as Electron writes them: `mod+j` is `CmdOrCtrl+J`. */
function acceleratorOf(keys: ScreenPlace['keys']): string {
  return `CmdOrCtrl+${keys.slice('mod+'.length).toUpperCase()}`;
}
