import type { WrittenFile } from './atomic-file.ts';

/** One kind of file that an encoder leaves in. */
export type Exporter = {
  write: (path: string) => Promise<WrittenFile>;
  /** How the file's name must end, where a tool goes by that. */
  suffix?: string;
  /** What whoever loads the file has to know, for its card. */
  usage: readonly string[];
};
