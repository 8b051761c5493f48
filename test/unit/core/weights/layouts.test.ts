import { describe, expect, test } from 'vitest';
import { findEncoder } from '../../../../src-main/core/weights/layouts.ts';

/** Some names of a file, each with what comes before the tensor. */
const file = (...names: string[]) => new Set(names);
const ANCHORS = ['conv1.weight', 'layer1.0.conv1.weight'];
const below = (prefix: string, names = ANCHORS) => names.map((name) => prefix + name);

const find = (names: Set<string>, prefix?: string) => {
  const { layout, prefix: found, names: map } = findEncoder('/w/a.pth', names, prefix);
  return { layout, prefix: found, names: Object.fromEntries(map) };
};

describe('an encoder is found', () => {
  test.each<[string, string]>([
    ['by itself', ''],
    ['saved from several GPUs', 'module.'],
    ['in a wrapping dictionary', 'state_dict.module.'],
    ['of MoCo', 'state_dict.module.encoder_q.'],
    ['of MoCo v3', 'state_dict.module.base_encoder.'],
    ['of BYOL', 'online_encoder.net.'],
    ['of mmsegmentation', 'state_dict.backbone.'],
  ])('%s', (_, prefix) => {
    const found = find(file(...below(prefix), `${prefix}fc.weight`, 'epoch'));
    expect(found).toMatchObject({ layout: 'torchvision', prefix });
    expect(found.names['layer1.0.conv1.weight']).toBe(`${prefix}layer1.0.conv1.weight`);
  });

  test.each<[string, string[], string]>([
    ['the online one', ['online.', 'target.'], 'online.'],
    ['the query one', ['m.encoder_q.', 'm.encoder_k.'], 'm.encoder_q.'],
    ['the base one', ['base_encoder.', 'momentum_encoder.'], 'base_encoder.'],
    ['the teacher', ['student.module.backbone.', 'teacher.backbone.'], 'teacher.backbone.'],
    ['the one that is averaged from nothing', ['backbone.', 'backbone_momentum.'], 'backbone.'],
  ])('among several: %s', (_, prefixes, expected) => {
    for (const order of [prefixes, prefixes.toReversed()]) {
      expect(find(file(...order.flatMap((prefix) => below(prefix)))).prefix).toBe(expected);
    }
  });

  test('where a prefix says so', () => {
    const names = file(...below('online.'), ...below('target.'));
    expect(find(names, 'target.').prefix).toBe('target.');
    expect(() => find(names, 'other.')).toThrow(`its encoders are under 'online.', 'target.'`);
  });

  test('in the sequence of the official R2O code, without its duplicates', () => {
    const online = 'model.module.online_network.encoder.';
    const target = 'model.module.target_network.encoder.';
    const sequence = ['0.weight', '1.running_var', '4.0.conv1.weight', '7.1.downsample.1.bias', '8.weight'];
    const names = file(
      ...below(target, sequence),
      ...below(online, sequence),
      ...below('model._fpn.', sequence),
    );
    expect(find(names)).toEqual({
      layout: 'r2o-original',
      prefix: online,
      names: {
        'conv1.weight': `${online}0.weight`,
        'bn1.running_var': `${online}1.running_var`,
        'layer1.0.conv1.weight': `${online}4.0.conv1.weight`,
        'layer4.1.downsample.1.bias': `${online}7.1.downsample.1.bias`,
      },
    });
  });

  test('under the names of detectron2', () => {
    const names = [
      ...[
        'stem.conv1.weight',
        'stem.conv1.norm.running_mean',
        'res2.0.conv1.weight',
        'res5.2.conv3.norm.bias',
      ],
      ...['res2.0.shortcut.weight', 'res2.0.shortcut.norm.weight', 'stem.fc.weight'],
      'res3.0.conv2_offset.weight',
    ];
    expect(find(file(...below('backbone.bottom_up.', names))).names).toEqual({
      'conv1.weight': 'backbone.bottom_up.stem.conv1.weight',
      'bn1.running_mean': 'backbone.bottom_up.stem.conv1.norm.running_mean',
      'layer1.0.conv1.weight': 'backbone.bottom_up.res2.0.conv1.weight',
      'layer4.2.bn3.bias': 'backbone.bottom_up.res5.2.conv3.norm.bias',
      'layer1.0.downsample.0.weight': 'backbone.bottom_up.res2.0.shortcut.weight',
      'layer1.0.downsample.1.weight': 'backbone.bottom_up.res2.0.shortcut.norm.weight',
      // Deformable convolutions have these: a name that no ResNet has stays, and is refused by it.
      'res3.0.conv2_offset.weight': 'backbone.bottom_up.res3.0.conv2_offset.weight',
    });
  });
});

describe('no encoder is guessed', () => {
  test('where two are alike', () => {
    expect(() => find(file(...below('a.'), ...below('b.')))).toThrow(`several encoders, under 'a.', 'b.'`);
  });
  test('where the names are those of another network, which are told', () => {
    expect(() => find(file('blocks.0.attn.qkv.weight', 'cls_token'))).toThrow(`'blocks.0.attn.qkv.weight'`);
  });
  test('in a file without tensors', () => {
    expect(() => find(file())).toThrow('it contains no tensors');
  });
  test('where a name merely ends like one', () => {
    expect(() => find(file('xconv1.weight', 'xlayer1.0.conv1.weight'))).toThrow('no ResNet encoder');
  });
  test('among very many names in reasonable time', () => {
    const names = Array.from({ length: 100_000 }, (_, index) => `m${index}.conv1.weight`);
    expect(() => find(file(...names))).toThrow('no ResNet encoder');
  });
});
