import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GraphBuilder } from '../../src-main/core/compile/lower/onnx/graph-builder.ts';
import { tempFolder } from './temp-folder.ts';

/** A graph with a map of stride 8 to which it adds a number that needs `values` float32 values at once. */
function hungryGraph(values: (builder: GraphBuilder, image: string) => string): string {
  const builder = new GraphBuilder('hungry');
  const image = builder.input('image', 'float32', [1, 3, 'height', 'width']);
  const pools = { kernel_shape: [8, 8], strides: [8, 8] };
  const map = builder.op('AveragePool', [image], pools);
  const scalar = builder.op('ReduceMean', [image], { keepdims: 0 });
  const many = builder.op('Expand', [scalar, values(builder, image)]);
  const added = builder.op('Add', [map, builder.op('ReduceMax', [many], { keepdims: 0 })]);
  builder.output('map', added, 'float32', ['b', 3, 'h', 'w']);
  const path = join(tempFolder(), 'hungry.onnx');
  writeFileSync(path, builder.model());
  return path;
}

/** A file of less than a kilobyte that fills `gigabytes` GiB whenever it runs. */
export const graphOfGigabytes = (gigabytes: number): string =>
  hungryGraph((builder) => builder.int64s([gigabytes, 2 ** 14, 2 ** 14]));

/** A file that fills a float32 for each 64th pair of pixels: 0.3 GiB when it is imported, 64 for a square of 1,024 px. */
export const graphOfPairs = (): string =>
  hungryGraph((builder, image) => {
    const sides = builder.op('Slice', [
      builder.op('Shape', [image]),
      builder.int64s([2]),
      builder.int64s([4]),
    ]);
    const pixels = builder.op('ReduceProd', [sides], { keepdims: 1 });
    const rest = builder.op('Div', [pixels, builder.int64s([64])]);
    return builder.op('Concat', [pixels, rest], { axis: 0 });
  });
