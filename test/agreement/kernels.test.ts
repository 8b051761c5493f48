import { describe, it } from 'vitest';
import { expectAgreement } from '../support/agreement.ts';
import { convolutions, kernelCases, normalisations } from './kernel-cases.ts';

describe('a compiled kernel agrees with eager TensorFlow.js, gradients included', () => {
  for (const [name, shapes, fn, options] of kernelCases) {
    it(name, () => expectAgreement(shapes, fn, options));
  }
});

describe('without blocked kernels, as on an old CPU', () => {
  for (const [name, shapes, fn, options] of [...convolutions(), ...normalisations()]) {
    it(name, () => expectAgreement(shapes, fn, { ...options, target: { block: 0 } }));
  }
});

describe('lowered as for WebGPU, on the CPU', () => {
  for (const [name, shapes, fn, options] of kernelCases) {
    it(name, () => expectAgreement(shapes, fn, { ...options, loweredFor: 'webgpu' }));
  }
});
