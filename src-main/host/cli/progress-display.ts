import { countText, formatDuration } from './output.ts';

const MAX_BAR_WIDTH = 24;
/** Width of a line where there is no terminal to ask. */
const PLAIN_COLUMNS = 100;
/** Without a terminal a line is printed this often at most: enough for a log, not a flood. */
const PLAIN_EVERY_MS = 5_000;

/** Progress of a job, or of a download. */
export type ShownProgress = {
  phase: string;
  done: number;
  total: number | null;
  unit: string;
  ratePerS: number | null;
  etaMs: number | null;
};

/** Shows a job's progress on stderr: one bar that is redrawn on a terminal, plain lines otherwise. */
export class ProgressDisplay {
  readonly #stream: NodeJS.WriteStream;
  #lastPlainMs = -Infinity;
  #lastPhase = '';
  #isDrawn = false;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  update(job: { progress: ShownProgress | null }): void {
    const columns = this.#stream.isTTY ? this.#stream.columns : PLAIN_COLUMNS;
    const text = describe(job, columns - 1);
    if (text === undefined) return;
    if (this.#stream.isTTY) {
      this.#stream.write(`\r\x1b[2K${text.slice(0, columns - 1)}`);
      this.#isDrawn = true;
      return;
    }
    const nowMs = performance.now();
    const phase = job.progress?.phase ?? '';
    if (phase === this.#lastPhase && nowMs - this.#lastPlainMs < PLAIN_EVERY_MS) return;
    this.#lastPhase = phase;
    this.#lastPlainMs = nowMs;
    this.#stream.write(`${text}\n`);
  }

  /** Leaves the cursor on a new line. */
  finish(): void {
    if (this.#isDrawn) this.#stream.write('\r\x1b[2K');
    this.#isDrawn = false;
  }
}

/** One line; the bar takes the room that the numbers leave. */
function describe({ progress }: { progress: ShownProgress | null }, columns: number): string | undefined {
  if (!progress) return undefined;
  const { done, total, unit, ratePerS, etaMs } = progress;
  const phase = progress.phase.replaceAll('-', ' ');
  const rate = ratePerS === null ? '' : `  ${ratePerS.toFixed(ratePerS < 10 ? 1 : 0)} ${unit}/s`;
  const eta = etaMs ? `  ${formatDuration(etaMs)} left` : '';
  // A phase that counts nothing says what it does, and no number.
  if (total === null) return `${phase}${done === 0 ? '' : `  ${amountText(done, unit)}${rate}`}${eta}`;
  const numbers = `${done}/${total} ${unit}${rate}${eta}`;
  const barWidth = Math.min(MAX_BAR_WIDTH, columns - phase.length - numbers.length - '  [] '.length);
  if (barWidth < 4) return `${phase}  ${numbers}`;
  const filled = Math.round((total === 0 ? 1 : Math.min(1, done / total)) * barWidth);
  return `${phase}  [${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ${numbers}`;
}

/** @param unit as jobs name it: the plural of a word, or `MiB` */
const amountText = (done: number, unit: string) =>
  unit.endsWith('s') ? countText(done, unit.slice(0, -1)) : `${done} ${unit}`;
