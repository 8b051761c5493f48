import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const programs = resolve(import.meta.dirname, '../../node_modules/electron-winstaller/vendor');

/** What stands in Electron's binary before its switches: see the package @electron/fuses. */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const WIRE_VERSION = 1;
/** As many switches as Electron 45 has, all of them on ('1'). */
const WIRE = '11111111';
const fuses = Buffer.concat([
  Buffer.from(`binary of Electron ${SENTINEL}`),
  Buffer.from([WIRE_VERSION, WIRE.length]),
  Buffer.from(WIRE),
]);

/** The state of every switch in a packaged binary: '0' off, '1' on. */
export function fusesOf(binary: Buffer): string {
  const at = binary.indexOf(SENTINEL) + SENTINEL.length;
  const length = binary.readUInt8(at + 1);
  return binary.toString('latin1', at + 2, at + 2 + length);
}

export type DistPlatform = 'linux' | 'win32' | 'darwin';

/**
 * Writes what electron-builder expects of an unpacked Electron, without Electron: files of the right names and formats.
 * @param folder an empty folder
 */
export function writeElectronDist(folder: string, platform: DistPlatform, arch: 'x64' | 'arm64'): void {
  const write = (path: string, content: string | Buffer) => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode: 0o755 });
  };
  if (platform === 'darwin') writeMacApp(write);
  else {
    write('LICENSE', 'license of Electron');
    write('LICENSES.chromium.html', 'licenses of Chromium');
    write('locales/en-US.pak', '');
    if (platform === 'linux') write('electron', fuses);
    else {
      // electron-builder writes resources into it, so it must be a real program of Windows.
      write('electron.exe', Buffer.concat([readFileSync(join(programs, `7z-${arch}.exe`)), fuses]));
    }
  }
}

function writeMacApp(write: (path: string, content: string | Buffer) => void): void {
  const contents = 'Electron.app/Contents';
  write(`${contents}/Info.plist`, plist('Electron'));
  write(`${contents}/MacOS/Electron`, 'binary');
  write(`${contents}/Resources/electron.icns`, '');
  write(`${contents}/Frameworks/Electron Framework.framework/Electron Framework`, fuses);
  for (const kind of ['', ' (GPU)', ' (Plugin)', ' (Renderer)']) {
    const name = `Electron Helper${kind}`;
    write(`${contents}/Frameworks/${name}.app/Contents/Info.plist`, plist(name));
    write(`${contents}/Frameworks/${name}.app/Contents/MacOS/${name}`, 'binary');
  }
}

const plist = (name: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict><key>CFBundleExecutable</key><string>${name}</string><key>CFBundleName</key><string>${name}</string><key>CFBundleIdentifier</key><string>com.github.Electron</string></dict></plist>\n`;
