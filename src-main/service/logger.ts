/** Where bugs and notable events are written for later reading; a host decides on the file. */
export type Logger = {
  readonly file: string;
  info: (message: string, details?: Record<string, unknown>) => void;
  /** @param where the boundary that caught it: `contract collections.add`, `job 7` */
  error: (error: unknown, where: string) => void;
};
