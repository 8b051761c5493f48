import type { ErrorTexts } from './error-code.ts';

/** Errors of files, the data folder and the database. */
export const FILES_ERRORS = {
  'no-paired-machine': {
    code: 'NOT_FOUND',
    message: "No machine is paired under the name '{name}'.",
    hint: 'List the paired machines to see their names.',
  },
  'no-remote': {
    code: 'NOT_FOUND',
    message: "This machine is not paired with one called '{name}'.",
    hint: 'List the machines to see their names.',
  },
  'remotes-damaged': {
    code: 'DATA_FOLDER_UNUSABLE',
    message: 'The list of other machines, {path}, cannot be read.',
    hint: 'Delete it, then pair the machines again.',
  },
  'remote-sealed': {
    code: 'WRONG_STATE',
    message:
      "The key for '{name}' was stored by the desktop app in the system's key store, which cannot be opened here.",
    hint: 'Use the desktop app, or pair the machine again under another name.',
  },
  'not-a-pairing-address': {
    code: 'BAD_INPUT',
    message: "'{address}' is not an address for pairing.",
    hint: 'Enter the address that pairing prints on the other machine; it looks like http://127.0.0.1:41337/#pair=...',
  },
  'pairing-code-refused': {
    code: 'WRONG_STATE',
    message:
      'The server at {origin} does not accept this address: it was used, or it is older than ten minutes.',
    hint: 'Print a new one on the other machine.',
  },
  'remote-forgot': {
    code: 'WRONG_STATE',
    message: "'{name}' is no longer paired with this machine.",
    hint: 'Pair them again.',
  },
  'remote-unreachable': {
    code: 'SERVER_UNREACHABLE',
    message: 'No R2O Studio answers at {origin}.',
    hint: 'Check that the server is running on the other machine, and that the tunnel to it is open.',
  },
  'ssh-target': {
    code: 'BAD_INPUT',
    message: "'{ssh}' is not the name of a machine for ssh.",
    hint: 'Enter it as user@host, or as in your ssh configuration.',
  },
  'tunnel-failed': {
    code: 'SERVER_UNREACHABLE',
    message: 'The tunnel to {ssh} could not be opened: {reason}',
    hint: 'Connect to it once in a terminal with ssh: a password, a passphrase or an unknown host has to be dealt with there.',
  },
  'no-path-pair': {
    code: 'BAD_INPUT',
    message: "It is not known where '{name}' has the files of {path}.",
    hint: 'Enter which folder of this machine is which folder there.',
  },
  'not-a-file': {
    code: 'FILE_UNUSABLE',
    message: '{path} is not a file.',
    hint: 'Enter the name of a file, not that of a folder or a device.',
  },
  'other-ending': {
    code: 'BAD_INPUT',
    message: "'{path}' does not end in {endings}, as the name of such a file does.",
    hint: 'Choose a name that ends in {endings}; other programs convert the file to other formats.',
  },
  'file-exists': {
    code: 'ALREADY_EXISTS',
    message: '{path} already exists.',
    hint: 'Choose another name, or allow overwriting it.',
  },
  'inside-collection': {
    code: 'FOLDER_OVERLAPS',
    message: "{path} is inside the collection '{name}'.",
    hint: 'What is written there would be scanned as images of the collection. Choose a folder outside {rootPath}.',
  },
  'inside-data-folder': {
    code: 'FOLDER_OVERLAPS',
    message: "{path} is inside the app's own data folder.",
    hint: 'Choose a folder outside it.',
  },
  'no-such-file': {
    code: 'FILE_NOT_FOUND',
    message: 'There is no file or folder {path}.',
    hint: 'Check the path; if it is on a removable or network drive, connect it first.',
  },
  'file-unusable': {
    code: 'FILE_UNUSABLE',
    message: '{path} cannot be read or written ({errno}).',
    hint: 'Check your permissions there, and the drive or its connection, or choose another file or folder.',
  },
  'file-disk-full': {
    code: 'DISK_FULL',
    message: 'The disk is full: {path} could not be written.',
    hint: 'Free some space, then try again.',
  },
  'download-file-full': {
    code: 'DISK_FULL',
    message: 'The disk is full: {path} could not be written.',
    hint: 'Free some space, then try again: what has arrived is kept.',
  },
  'database-disk-full': {
    code: 'DISK_FULL',
    message: 'The disk is full: {path} could not be written.',
    hint: 'Free some space, then resume the job. Nothing that was already saved is lost.',
  },
  'cache-disk-full': {
    code: 'DISK_FULL',
    message: "The drive of the cache folder '{path}' is full.",
    hint: 'Free some space on that drive, or lower the cache sizes in the settings; then resume.',
  },
  'cache-unusable': {
    code: 'DATA_FOLDER_UNUSABLE',
    message: "The cache folder '{path}' cannot be used ({errno}).",
    hint: 'Check the permissions of that folder and its drive, or choose another data folder.',
  },
  'data-folder-unusable': {
    code: 'DATA_FOLDER_UNUSABLE',
    message: 'The data folder {path} cannot be created or written.',
    hint: 'Check its permissions and the free space, or choose another folder.',
  },
  'sqlite-not-loaded': {
    code: 'UNSUPPORTED_RUNTIME',
    message: "SQLite's native library cannot be loaded on {machine}.",
    hint: 'Install R2O Studio again, and choose the package for {machine}.',
  },
  'data-folder-full': {
    code: 'DISK_FULL',
    message: 'The data folder {path} cannot be created or written.',
    hint: 'Check its permissions and the free space, or choose another folder.',
  },
  'database-unusable': {
    code: 'DATA_FOLDER_UNUSABLE',
    message: '{path} cannot be opened or written ({errno}).',
    hint: 'Check the permissions and the disk of the data folder, or choose another folder.',
  },
  'database-busy': {
    code: 'DATA_FOLDER_BUSY',
    message: '{path} is in use by another process.',
    hint: 'Close the other program that uses it, then try again.',
  },
  'database-damaged': {
    code: 'DATABASE_DAMAGED',
    message: '{path} is damaged or is not an R2O Studio database.',
    hint: 'Replace it with a backup (studio.sqlite.v*.bak, in the same folder), or move it away to start with an empty one.',
  },
  'database-found-damaged': {
    code: 'DATABASE_DAMAGED',
    message: '{path} is damaged: {found}.',
    hint: 'Replace it with a backup (studio.sqlite.v*.bak, in the same folder), or move it away to start with an empty one.',
  },
  'database-foreign': {
    code: 'DATABASE_DAMAGED',
    message: "{path} is another program's database.",
    hint: 'Choose another data folder.',
  },
  'database-too-new': {
    code: 'DATABASE_TOO_NEW',
    message:
      '{path} was written by a newer version of R2O Studio (schema {schema}; this version knows {newest}).',
    hint: 'Update R2O Studio, or choose another data folder.',
  },
  'server-unreachable': {
    code: 'SERVER_UNREACHABLE',
    message: 'The R2O Studio process that this uses has ended.',
    hint: 'Whatever it had confirmed is saved. Start it again, then try again.',
  },
  'internal-error': {
    code: 'INTERNAL',
    message: 'Internal error in {where}.',
    hint: 'This is a bug in R2O Studio. For details, see {log}.',
  },
} as const satisfies ErrorTexts;
