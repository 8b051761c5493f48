import type { WeightsFormat } from '../../contract/model.ts';
import type { ResNetSpec } from '../model/resnet.ts';

/** Channels of the first stage in the ResNets that other tools know by name. */
const KNOWN_WIDTH = 64;

/** How to load an encoder of other channels than those that the tool of `format` knows by name; empty for known ones. */
export function widthNotes(format: WeightsFormat, spec: ResNetSpec): readonly string[] {
  const { width, depths } = spec;
  if (width === KNOWN_WIDTH) return [];
  const has = `Its first stage has ${width} channels instead of the ${KNOWN_WIDTH} of other tools' ResNets`;
  switch (format) {
    case 'safetensors':
    case 'pytorch':
      return [`${has}. A \`model\` for torchvision:\n\n${indented(torchvisionClass(spec))}`];
    case 'detectron2':
      return [
        `${has}, which no configuration can build. In code: \`BasicStem(3, ${width})\`, then \`ResNet.make_stage\` with ${depths.join(', ')} blocks of ${depths.map((_, stage) => width << stage).join(', ')} channels.`,
      ];
    case 'mmsegmentation':
      return [`${has}: add \`stem_channels=${width}, base_channels=${width}\` to the backbone.`];
    case 'onnx':
    case 'onnx-embedding':
      return [];
  }
}

function torchvisionClass({ block, width, depths }: ResNetSpec): string {
  const blockName = block === 'basic' ? 'BasicBlock' : 'Bottleneck';
  return `\`\`\`python
class NarrowResNet(torchvision.models.ResNet):
    def _make_layer(self, block, planes, *args, **options):
        if planes == ${KNOWN_WIDTH}:
            self.inplanes = ${width}
            self.conv1 = torch.nn.Conv2d(3, ${width}, 7, 2, 3, bias=False)
            self.bn1 = torch.nn.BatchNorm2d(${width})
        return super()._make_layer(block, planes * ${width} // ${KNOWN_WIDTH}, *args, **options)

model = NarrowResNet(torchvision.models.resnet.${blockName}, [${depths.join(', ')}])
model.fc = torch.nn.Identity()
\`\`\``;
}

/** As part of an item of a list. */
function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
