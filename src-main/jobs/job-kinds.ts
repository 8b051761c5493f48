import type { JobEnvironment, JobKinds } from './job-kind.ts';
import { compareKind } from './compare-kind.ts';
import { describeKind } from './describe-kind.ts';
import { exportKind } from './export-kind.ts';
import { importKind } from './import-kind.ts';
import { mapKind } from './map-kind.ts';
import { recutKind } from './recut-kind.ts';
import { pretrainKind } from './pretrain-kind.ts';
import { scanKind } from './scan-kind.ts';
import { segmentKind } from './segment-kind.ts';

/** The service's side of every kind of job. */
export function jobKinds(environment: JobEnvironment): JobKinds {
  return {
    scan: scanKind(environment),
    export: exportKind(environment),
    import: importKind(environment),
    pretrain: pretrainKind(environment),
    segment: segmentKind(environment),
    describe: describeKind(environment),
    compare: compareKind(environment),
    map: mapKind(environment),
    recut: recutKind(environment),
  };
}
