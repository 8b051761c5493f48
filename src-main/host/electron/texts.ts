import type { ScreenId } from '../../contract/screens.ts';
import type { LanguageChoice } from '../../contract/settings.ts';

const en = {
  file: 'File',
  addFolder: 'Add Folder…',
  recent: 'Recent Collections',
  connect: 'Connect to Another Machine…',
  edit: 'Edit',
  view: 'View',
  screens: {
    library: 'Library',
    pretrain: 'Pretrain',
    masks: 'Masks',
    concepts: 'Concepts',
    datasets: 'Datasets',
    models: 'Models',
    activity: 'Activity',
    settings: 'Settings',
  } satisfies Record<ScreenId, string>,
  window: 'Window',
  help: 'Help',
  shortcuts: 'Keyboard Shortcuts',
  showLog: 'Show Log',
  closeTitle: 'A job is still running',
  closeText: 'If you quit now, the job stops. You can resume it from the last saved state.',
  closeMinimize: 'Keep Running in the Background',
  closeQuit: 'Quit',
  cancel: 'Cancel',
  jobDone: 'Finished',
  jobFailed: 'Stopped with an error',
  updateTitle: 'Update ready:',
  updateText: 'It is installed when you quit R2O Studio.',
};
export type NativeTexts = typeof en;

const de: NativeTexts = {
  file: 'Datei',
  addFolder: 'Ordner hinzufügen …',
  recent: 'Zuletzt geöffnete Sammlungen',
  connect: 'Mit anderem Rechner verbinden …',
  edit: 'Bearbeiten',
  view: 'Ansicht',
  screens: {
    library: 'Bibliothek',
    pretrain: 'Vortraining',
    masks: 'Masken',
    concepts: 'Konzepte',
    datasets: 'Datensätze',
    models: 'Modelle',
    activity: 'Aktivität',
    settings: 'Einstellungen',
  },
  window: 'Fenster',
  help: 'Hilfe',
  shortcuts: 'Tastenkürzel',
  showLog: 'Protokoll anzeigen',
  closeTitle: 'Eine Aufgabe läuft noch',
  closeText:
    'Wenn Sie jetzt beenden, wird sie angehalten. Sie können sie ab dem letzten gespeicherten Stand fortsetzen.',
  closeMinimize: 'Im Hintergrund fortsetzen',
  closeQuit: 'Beenden',
  cancel: 'Abbrechen',
  jobDone: 'Fertig',
  jobFailed: 'Mit einem Fehler beendet',
  updateTitle: 'Update bereit:',
  updateText: 'Es wird installiert, sobald Sie R2O Studio beenden.',
};

/** Texts of menus and dialogs. @param locale of the system, such as `de-AT` */
export function nativeTexts(choice: LanguageChoice, locale: string): NativeTexts {
  const language = choice === 'system' ? locale.toLowerCase().split('-')[0] : choice;
  return language === 'de' ? de : en;
}
