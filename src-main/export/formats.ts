import type { ExportFormat } from '../contract/export.ts';
import { binaryPng } from './binary-png.ts';
import { cocoPanoptic } from './coco-panoptic.ts';
import { coco, cocoPolygon } from './coco.ts';
import { csv } from './csv.ts';
import { cvat } from './cvat.ts';
import { datumaro } from './datumaro.ts';
import type { ExportFormatDefinition } from './format.ts';
import { huggingfaceParquet } from './huggingface-parquet.ts';
import { huggingface } from './huggingface.ts';
import { indexPng } from './index-png.ts';
import { labelStudio } from './label-studio.ts';
import { labelme } from './labelme.ts';
import { sqlite } from './sqlite.ts';
import { voc } from './voc.ts';
import { yolo } from './yolo.ts';

const FORMATS: Record<ExportFormat, ExportFormatDefinition> = {
  coco,
  'coco-polygon': cocoPolygon,
  'coco-panoptic': cocoPanoptic,
  yolo,
  voc,
  'index-png': indexPng,
  'binary-png': binaryPng,
  labelme,
  cvat,
  'label-studio': labelStudio,
  huggingface,
  'huggingface-parquet': huggingfaceParquet,
  datumaro,
  csv,
  sqlite,
};

/** How a format is written. */
export function formatOf(name: ExportFormat): ExportFormatDefinition {
  return FORMATS[name];
}
