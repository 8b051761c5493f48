import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Campaign, Chance } from './campaign.ts';
import { foreignOriginals, type Original } from './foreign-originals.ts';
import { mutated } from './mutations.ts';
import type { ForeignFile, Reading } from './read-foreign-file.ts';
import { bundle } from '../support/run-bundled.ts';

/** Far more than any of these files takes on a busy machine: what is not back by then does not end. */
const PATIENCE_MS = 120_000;
/** All that the process ever held: Node and the libraries take 400 MB, an image of 200 megapixels 600 MB more. */
const MAX_PEAK_MB = 1_500;

/** Of 57 files, 50 are images, 5 are weights and 2 are masks. */
const kindOf = ({ whole }: Chance) => {
  const number = whole(0, 57);
  return number < 50 ? 'image' : number < 55 ? 'weights' : 'masks';
};

/**
 * Damaged, truncated and spliced files of every kind that the app reads. Each has to be read, or refused with a reason,
 * in bounded memory and without running anything that it contains; the file after it is read as if nothing had been.
 */
export const campaign: Campaign = {
  count: 5_700,
  open: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'r2o-campaign-'));
    const marker = join(folder, 'executed');
    const originals = await foreignOriginals(marker);
    const { script, remove } = await bundle('test/campaign/read-foreign-file.ts');
    const reader = new Reader(script);
    return {
      run: async (chance) => {
        const kind = kindOf(chance);
        const original = pickOf(originals[kind], chance);
        const path = placeOf(original, folder);
        const { bytes, how } = mutated(original, pickOf(originals[kind], chance).bytes, chance);
        writeFileSync(path, bytes);
        const { outcome, bug, peakMb } = await reader.read(fileOf(kind, path, folder, original));
        const told = `${original.name}, ${how}`;
        if (bug !== undefined) throw new Error(`${told}: ${bug}`);
        if (peakMb > MAX_PEAK_MB) throw new Error(`${told}: the process held ${peakMb} MB`);
        if (existsSync(marker)) throw new Error(`${told}: it was executed`);
        await expectUntouched(reader, originals.image[0], folder);
        return `${kind}: ${outcome}`;
      },
      [Symbol.asyncDispose]: () => {
        reader[Symbol.dispose]();
        remove();
        rmSync(folder, { recursive: true, force: true });
        return Promise.resolve();
      },
    };
  },
};

/** Where a file is looked for: label files next to a whole data.yaml, a damaged one next to whole label files. */
function placeOf({ format, extension }: Original, folder: string): string {
  if (format !== 'yolo') return join(folder, `case${extension}`);
  const dataset = join(folder, extension === '.txt' ? 'labels-damaged' : 'yaml-damaged');
  mkdirSync(join(dataset, 'labels'), { recursive: true });
  writeFileSync(join(dataset, 'data.yaml'), 'names: [cat, dog]\n');
  writeFileSync(join(dataset, 'labels/whole.txt'), '0 0.1 0.1 0.5 0.1 0.5 0.5\n');
  return join(dataset, extension === '.txt' ? 'labels/case.txt' : 'data.yaml');
}

function pickOf(originals: readonly Original[], { whole }: Chance): Original {
  const original = originals[whole(0, originals.length)];
  if (!original) throw new Error('there is no original');
  return original;
}

function fileOf(kind: ForeignFile['kind'], path: string, folder: string, { format }: Original): ForeignFile {
  if (kind === 'image') return { kind, path, cacheFolder: join(folder, 'cache') };
  return kind === 'weights' ? { kind, path } : { kind, path, format: format ?? 'coco' };
}

/** The next file of the same job is read as before. */
async function expectUntouched(reader: Reader, good: Original | undefined, folder: string): Promise<void> {
  const path = join(folder, 'good');
  if (good && !existsSync(path)) writeFileSync(path, good.bytes);
  const { outcome } = await reader.read({ kind: 'image', path, cacheFolder: join(folder, 'cache') });
  if (outcome !== 'read') throw new Error(`a whole image after it is ${outcome}`);
}

/** The process that reads; a new one where it went away. */
class Reader {
  #child: ChildProcess | undefined;
  readonly #script: string;

  constructor(script: string) {
    this.#script = script;
  }

  /** @throws Error where the process ends or does not answer */
  async read(file: ForeignFile): Promise<Reading> {
    if (!this.#child) {
      this.#child = fork(this.#script, {
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        execArgv: ['--max-old-space-size=1024'],
      });
      await this.#answer(this.#child);
    }
    const answer = this.#answer(this.#child);
    this.#child.send(file);
    return await answer;
  }

  async #answer(child: ChildProcess): Promise<Reading> {
    const end = Promise.withResolvers<Reading>();
    const timer = setTimeout(() => {
      this[Symbol.dispose]();
      end.reject(new Error(`it was not read within ${PATIENCE_MS / 1000} s`));
    }, PATIENCE_MS);
    const onExit = (code: number | null, signal: string | null) => {
      this.#child = undefined;
      end.reject(new Error(`the process that read it ended with ${code ?? signal}`));
    };
    // `read-foreign-file.ts` sends nothing else.
    child.once('message', (reading) => end.resolve(reading as Reading)).once('exit', onExit);
    try {
      return await end.promise;
    } finally {
      clearTimeout(timer);
      child.removeAllListeners('message').removeListener('exit', onExit);
    }
  }

  [Symbol.dispose](): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}
