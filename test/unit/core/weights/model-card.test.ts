import { expect, test } from 'vitest';
import { ModelId, RunId } from '../../../../src-main/contract/ids.ts';
import { ModelCard, type Model } from '../../../../src-main/contract/model.ts';
import { configure } from '../../../../src-main/core/train/configure.ts';
import { cardMarkdown } from '../../../../src-main/core/weights/model-card.ts';

function modelOf(preset: 'quick' | 'masks', startedFrom: string | null): Model {
  const config = configure(preset, 240, {});
  const card = ModelCard.parse({
    viewPx: config.viewPx,
    training: {
      collectionName: 'photos',
      imageCount: 240,
      steps: 250,
      preset,
      config,
      seed: 0,
      startedFrom,
      device: 'onnx:cpu',
      curves: [],
    },
  });
  return {
    id: ModelId.parse(1),
    name: 'adapted',
    origin: 'run',
    architecture: 'resnet18-half',
    file: 'run-1-250.safetensors',
    sha256: null,
    runId: RunId.parse(1),
    card,
    createdAtMs: 0,
  };
}

const subject = { fileName: 'a.onnx', format: 'onnx', sha256: 'ab', usage: [] };

test('a card says what an encoder learned from, and where it started', () => {
  const regions = cardMarkdown({ ...subject, model: modelOf('quick', null) });
  expect(regions).toContain('Pretrained with R2O');
  expect(regions).not.toContain('from the encoder');
  const masks = cardMarkdown({ ...subject, model: modelOf('masks', 'dino') });
  expect(masks).toContain('Trained on masks that R2O Studio cut itself, without labels, from 240 images');
  expect(masks).toContain('from the encoder "dino"');
  expect(masks).not.toContain('R2O (arXiv');
});
