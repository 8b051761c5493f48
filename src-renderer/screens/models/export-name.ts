import type { WeightsFormat } from '../../../src-main/contract/model.ts';

const ENDINGS: Record<WeightsFormat, string> = {
  safetensors: '.safetensors',
  pytorch: '.pth',
  onnx: '.onnx',
  'onnx-embedding': '-embedding.onnx',
  detectron2: '.pkl',
  mmsegmentation: '-mmseg.pth',
};

/** A file name for an export, which every file system takes. */
export function fileNameOf(modelName: string, format: WeightsFormat): string {
  const plain = modelName
    .normalize('NFKD')
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
  return `${plain === '' ? 'model' : plain}${ENDINGS[format]}`;
}
