import type { Model, WeightsFormat } from '../../contract/model.ts';
import type { WrittenFile } from './atomic-file.ts';
import type { Encoder } from './encoder.ts';
import { writeEncoderFile } from './encoder-file.ts';
import { torchTensors } from './encoder-tensors.ts';
import type { Exporter } from './exporter.ts';
import { writeOnnxEmbedding, writeOnnxFeatures } from './onnx/write-onnx.ts';
import { writeDetectron2File } from './pickle/write-detectron2.ts';
import { writeTorchFile } from './pickle/write-torch.ts';
import type { TensorSource } from './safetensors.ts';
import { widthNotes } from './width-notes.ts';

type NetworkExporter = Omit<Exporter, 'write'> & {
  write: (path: string, encoder: Encoder, model: Model) => Promise<WrittenFile>;
};

const BATCH_NORM_NOTE =
  'Normalisations have weight, bias, running_mean and running_var; num_batches_tracked is only there for PyTorch.';
const OPEN_SIZES_NOTE =
  'B, H and W are free: any number of images of any size; results are best near the training size.';
const TORCHVISION_NOTE = 'Names and axis order match torchvision; only `fc` is missing.';

const EXPORTERS: Readonly<Record<WeightsFormat, NetworkExporter>> = {
  safetensors: {
    write: (path, encoder, { card }) => writeEncoderFile(path, encoder, card),
    usage: [
      `${TORCHVISION_NOTE} \`model.load_state_dict(safetensors.torch.load_file(FILE), strict=False)\`.`,
      BATCH_NORM_NOTE,
    ],
  },
  pytorch: {
    write: writeTorch,
    usage: [
      `${TORCHVISION_NOTE} \`model.load_state_dict(torch.load(FILE)["state_dict"], strict=False)\`.`,
      BATCH_NORM_NOTE,
    ],
  },
  onnx: {
    write: writeOnnxFeatures,
    usage: [
      'Input `images` [B, 3, H, W], normalised as above; outputs `c2` to `c5`, the feature maps at strides 4 to 32.',
      OPEN_SIZES_NOTE,
      'Opset 18, standard operators only; batch normalisation is folded into the convolutions.',
    ],
  },
  'onnx-embedding': {
    write: writeOnnxEmbedding,
    usage: [
      'Input `images` [B, 3, H, W], red, green and blue from 0 to 255 as float32: normalisation is part of the graph.',
      'Outputs `pooled` [B, C], the mean of the last feature map, and `embedding` [B, C], the same normalised to length 1.',
      OPEN_SIZES_NOTE,
      'Opset 18, standard operators only; batch normalisation is folded into the convolutions.',
    ],
  },
  detectron2: {
    suffix: '.pkl',
    write: (path, encoder) => writeDetectron2File(path, floatTensors(encoder)),
    usage: [
      'A pickle for `MODEL.WEIGHTS`. The arrays are matched by the ends of their names.',
      '`MODEL.RESNETS.STRIDE_IN_1X1: False`, because the stride is on the 3x3 convolution, as in torchvision.',
      '`INPUT.FORMAT: "RGB"`, because conv1 takes red first (the default there is BGR); `MODEL.PIXEL_MEAN: [123.675, 116.280, 103.530]`, `MODEL.PIXEL_STD: [58.395, 57.120, 57.375]`.',
      'The default `MODEL.RESNETS.NORM: "FrozenBN"` uses the running statistics; with "SyncBN" they continue to be updated.',
    ],
  },
  mmsegmentation: {
    write: writeTorch,
    usage: [
      '`backbone=dict(type="ResNet", depth=..., style="pytorch", init_cfg=dict(type="Pretrained", checkpoint=FILE))`; not `ResNetV1c`, which has a different stem.',
      'The stride is on the 3x3 convolution (`style="pytorch"`). In the data preprocessor: `bgr_to_rgb=True`, `mean=[123.675, 116.28, 103.53]`, `std=[58.395, 57.12, 57.375]`.',
      BATCH_NORM_NOTE,
    ],
  },
};

/** How a ResNet is written in a format. */
export function networkExporter(encoder: Encoder, model: Model, format: WeightsFormat): Exporter {
  const { write, usage, ...rules } = EXPORTERS[format];
  return {
    ...rules,
    usage: [...usage, ...widthNotes(format, encoder.spec)],
    write: (path) => write(path, encoder, model),
  };
}

async function writeTorch(path: string, encoder: Encoder, { name, architecture, card }: Model) {
  const tensors = torchTensors(encoder, card.batchesTracked);
  return await writeTorchFile(path, tensors, { name, architecture, producer: 'R2O Studio' });
}

/** Without the counters, for which detectron2 has no place. */
function floatTensors(encoder: Encoder): TensorSource[] {
  return torchTensors(encoder, 0).filter(({ dtype }) => dtype === 'F32');
}
