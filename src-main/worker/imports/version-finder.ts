import type { DatasetVersionId } from '../../contract/ids.ts';
import type { ExportedClass, ExportKey } from '../../domain/mask-import-rows.ts';
import type { JobContext } from '../jobs/job-context.ts';

/** The dataset versions that the masks of an image were exported from. */
export type KnownVersions = {
  /** Empty if the files do not say it: then it may be any version. */
  ids: DatasetVersionId[];
  /** What their classes stand for. */
  classes: ExportedClass[];
  /** Whether the files are an export of a version that is not known here. */
  isUnknown: boolean;
};

/** Finds the versions that files were exported from, each combination once. */
export class VersionFinder {
  readonly #context: JobContext;
  readonly #known = new Map<string, KnownVersions>();

  constructor(context: JobContext) {
    this.#context = context;
  }

  /** @param exports of the files about an image; null for a file that is in none */
  async of(exports: readonly (ExportKey | null)[]): Promise<KnownVersions> {
    const keys = new Map(
      exports.flatMap((key) => (key ? [[`${key.exportId} ${key.startedAtMs}`, key]] : [])),
    );
    const combination = [...keys.keys()].sort().join();
    const known = this.#known.get(combination) ?? (await this.#find([...keys.values()]));
    this.#known.set(combination, known);
    return known;
  }

  async #find(keys: readonly ExportKey[]): Promise<KnownVersions> {
    const { link } = this.#context;
    const ids: DatasetVersionId[] = [];
    let isUnknown = false;
    for (const { exportId, startedAtMs } of keys) {
      const { versionId } = await link.ask({ kind: 'import/version', exportId, startedAtMs });
      if (versionId === null) isUnknown = true;
      else ids.push(versionId);
    }
    const { classes } = await link.ask({ kind: 'import/classes', versionIds: ids });
    return { ids, classes, isUnknown };
  }
}
