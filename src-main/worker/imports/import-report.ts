import type { MaskImportResult } from '../../contract/mask-import.ts';

/** How many reasons and notes are reported individually; the rest are counted. */
const KEPT = 1_000;
/** Names and labels of a file can be of any length; a message is read by a person. */
const MAX_NAME = 200;
const MAX_DETAIL = 600;

type Findings = Pick<MaskImportResult, 'skipped' | 'problems' | 'notes' | 'noteCount'>;

/** What could not be used of the files, and what else is to be known of them. */
export class ImportReport {
  readonly findings: Findings = { skipped: 0, problems: [], notes: [], noteCount: 0 };

  problem(name: string, detail: string): void {
    this.findings.skipped++;
    if (this.findings.problems.length < KEPT) this.findings.problems.push(readable(name, detail));
  }

  /** Equal notes are reported once. */
  note(name: string, detail: string): void {
    const { notes } = this.findings;
    const one = readable(name, detail);
    if (notes.some((note) => note.name === one.name && note.detail === one.detail)) return;
    this.findings.noteCount++;
    if (notes.length < KEPT) notes.push(one);
  }
}

const readable = (name: string, detail: string) => ({
  name: shortened(name, MAX_NAME),
  detail: shortened(detail, MAX_DETAIL),
});

/** The beginning and the end of a text that is too long: they say where in a file something is. */
function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const half = Math.floor((most - 1) / 2);
  return `${text.slice(0, half).toWellFormed()}…${text.slice(-half).toWellFormed()}`;
}
