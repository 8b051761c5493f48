import { app, Menu, nativeTheme, Notification, shell } from 'electron';
import type { ServiceEvent } from '../../contract/event.ts';
import { collectionHandlers } from '../../service/collections.ts';
import type { Service } from '../../service/service.ts';
import { pickFolder } from './contract-port.ts';
import { notificationOf, taskbarProgress } from './job-signs.ts';
import { JobWatch } from './job-watch.ts';
import { menuTemplate } from './menu-template.ts';
import { nativeTexts, type NativeTexts } from './texts.ts';
import { MainWindow } from './window.ts';

/** What the desktop adds around the page: window, menu, taskbar, notifications, theme and recent folders. */
export class DesktopShell {
  readonly #service: Service;
  readonly #jobs: JobWatch;
  readonly #window: MainWindow;
  readonly #onError: (error: unknown) => void;
  #menuKey = '';

  /**
   * @param on `onError` reports an error that no part of the page waits for; `onClosed` hears of the end of the window,
   *   with which the app ends
   */
  constructor(
    service: Service,
    { onError, onClosed }: { onError: (error: unknown) => void; onClosed: () => void },
  ) {
    this.#service = service;
    this.#onError = onError;
    this.#jobs = new JobWatch(service);
    this.#window = new MainWindow({
      stateFile: service.layout.windowState,
      texts: () => this.#texts(),
      jobs: this.#jobs,
      logger: service.options.logger,
      onClosed,
    });
    this.#follow();
    void this.#listen();
  }

  show(): void {
    this.#window.show();
  }

  /** Adds a folder that came from the menu, the dock or the file manager, and shows it. */
  addFolder(path: string): void {
    const { collection } = collectionHandlers(this.#service).add({ path });
    this.#window.send(`library/${collection.id}`);
  }

  /** Says that an update has been downloaded. */
  announceUpdate(version: string): void {
    const { updateTitle, updateText } = this.#texts();
    new Notification({ title: `${updateTitle} ${version}`, body: updateText }).show();
  }

  async #listen(): Promise<void> {
    for await (const event of this.#service.events.subscribe('event')) this.#apply(event);
  }

  #apply(event: ServiceEvent): void {
    const change = this.#jobs.apply(event);
    if (change) {
      this.#window.showProgress(taskbarProgress(this.#jobs.jobs));
      const note = notificationOf(change.before, change.job, this.#texts());
      const isWanted = this.#service.settings().notifications && !this.#window.isFocused;
      if (note && isWanted) this.#notify(note);
    }
    if (event.type === 'settings' || event.type === 'collection' || event.type === 'collection-removed') {
      this.#follow();
    }
  }

  #notify(note: { title: string; body: string }): void {
    const notification = new Notification(note);
    notification.on('click', () => this.#window.send('activity'));
    notification.show();
  }

  /** Theme and menu as the settings and the collections are now. */
  #follow(): void {
    nativeTheme.themeSource = this.#service.settings().theme;
    const collections = this.#service.store.collections.list();
    const recent = collections.toSorted((a, b) => b.id - a.id);
    // Collections publish every change while they are scanned; the menu depends only on their names.
    const key = JSON.stringify([this.#texts().file, recent.map(({ id, name }) => [id, name])]);
    if (key === this.#menuKey) return;
    this.#menuKey = key;
    if (recent[0]) app.addRecentDocument(recent[0].rootPath);
    const template = menuTemplate({
      platform: process.platform,
      texts: this.#texts(),
      recent,
      command: (command) => this.#window.send(command),
      addFolder: () => void this.#pickAndAdd(),
      connect: () => this.#window.send('settings/machines'),
      showLog: () => shell.showItemInFolder(this.#service.options.logger.file),
    });
    Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  }

  async #pickAndAdd(): Promise<void> {
    try {
      const path = await pickFolder();
      if (path !== undefined) this.addFolder(path);
    } catch (error) {
      this.#onError(error);
    }
  }

  #texts(): NativeTexts {
    return nativeTexts(this.#service.settings().language, app.getLocale());
  }
}
