import type { MaskImportResult } from '../../contract/mask-import.ts';

/** How many reasons and notes are reported individually; the rest are counted. */
const KEPT = 1_000;

type Findings = Pick<MaskImportResult, 'skipped' | 'problems' | 'notes' | 'noteCount'>;

/** What could not be used of the files, and what else is to be known of them. */
export class ImportReport {
  readonly findings: Findings = { skipped: 0, problems: [], notes: [], noteCount: 0 };

  problem(name: string, detail: string): void {
    this.findings.skipped++;
    if (this.findings.problems.length < KEPT) this.findings.problems.push({ name, detail });
  }

  /** Equal notes are reported once. */
  note(name: string, detail: string): void {
    const { notes } = this.findings;
    if (notes.some((note) => note.name === name && note.detail === detail)) return;
    this.findings.noteCount++;
    if (notes.length < KEPT) notes.push({ name, detail });
  }
}
