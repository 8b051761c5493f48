import { damagedFile } from '../weights-error.ts';
import { findTensors } from './find-tensors.ts';
import type { StridedTensor } from './strided-tensor.ts';
import { PickleError, unpickle, type Unpickled } from './unpickle.ts';
import type { PyValue } from './values.ts';

/** `unpickle`, with its errors as those of the file. @throws UserError WEIGHTS_DAMAGED naming the opcode */
export function unpickleFile(path: string, bytes: Uint8Array<ArrayBuffer>, start = 0): Unpickled {
  try {
    return unpickle(bytes, start);
  } catch (error) {
    if (error instanceof PickleError) throw damagedFile(path, `its pickle cannot be read, ${error.message}`);
    throw error;
  }
}

/** `findTensors`, with its errors as those of the file. @throws UserError WEIGHTS_DAMAGED naming the tensor */
export function tensorsIn(path: string, value: PyValue): ReadonlyMap<string, StridedTensor> {
  return findTensors(value, (problem) => {
    throw damagedFile(path, problem);
  });
}
