import { numpyArrayOf } from './numpy-arrays.ts';
import { findStrideProblem, type StridedTensor } from './strided-tensor.ts';
import { torchTensorOf } from './torch-tensors.ts';
import { PyDict, PyList, PyObject, PyTuple, type PyValue } from './values.ts';

/** Values visited at most: shared values count each time, so sharing cannot make a small file endless. */
const MAX_VISITS = 1_000_000;
/** The same for tensors, and for the characters of a name: each tensor has its own name. */
const MAX_TENSORS = 100_000;
const MAX_NAME = 512;
const MAX_DEPTH = 48;
/** As large as a pickle with its elements inside may be: arrays that share one text are copied for each. */
const MAX_INSIDE_BYTES = 2 ** 30;
/** Where a whole module keeps its parts: they are not part of a tensor's name. */
const MODULE_PARTS = new Set<PyValue>(['_modules', '_parameters', '_buffers']);

/**
 * All tensors in a pickled value, by the path that leads to them: `state_dict.module.conv1.weight`.
 * @param fail throws the error of the file
 */
export function findTensors(
  root: PyValue,
  fail: (problem: string) => never,
): ReadonlyMap<string, StridedTensor> {
  const tensors = new Map<string, StridedTensor>();
  /** By what describes them: elements that are kept as text are turned into bytes once. */
  const decoded = new Map<PyObject, StridedTensor | undefined>();
  let visits = 0;
  let insideBytes = 0;

  const tensorOf = (value: PyObject): StridedTensor | undefined => {
    if (decoded.has(value)) return decoded.get(value);
    const tensor = torchTensorOf(value) ?? numpyArrayOf(value);
    decoded.set(value, tensor);
    if (tensor?.source.kind === 'bytes') insideBytes += tensor.source.bytes.length;
    if (insideBytes > MAX_INSIDE_BYTES) fail(`its arrays contain more than ${MAX_INSIDE_BYTES} bytes`);
    return tensor;
  };

  const visit = (value: PyValue, path: string, depth: number): void => {
    if (!isContainer(value)) return;
    if (++visits > MAX_VISITS) fail(`it contains more than ${MAX_VISITS} values`);
    if (depth > MAX_DEPTH) fail(`'${path.slice(0, 80)}...' is nested deeper than ${MAX_DEPTH} levels`);
    const below = (key: string | number) => {
      const name = path === '' ? String(key) : `${path}.${key}`;
      return name.length > MAX_NAME ? fail(`a name is longer than ${MAX_NAME} characters`) : name;
    };
    if (value instanceof PyObject) {
      const tensor = tensorOf(value);
      if (tensor) {
        add(path, tensor);
        return;
      }
      visitState(value.state, path, depth);
      for (const part of value.contents) visit(part, path, depth + 1);
    } else if (value instanceof PyDict) {
      for (const [key, item] of value.entries) if (isName(key)) visit(item, below(key), depth + 1);
    } else {
      value.items.forEach((item, index) => visit(item, below(index), depth + 1));
    }
  };

  /** The attributes of an object; those of a module lead to its parameters. */
  const visitState = (state: PyValue, path: string, depth: number): void => {
    if (!(state instanceof PyDict)) return;
    for (const [key, item] of state.entries) {
      if (MODULE_PARTS.has(key)) visit(item, path, depth + 1);
    }
  };

  const add = (path: string, tensor: StridedTensor): void => {
    if (tensors.has(path)) fail(`the name '${path}' appears twice`);
    if (tensors.size === MAX_TENSORS) fail(`it contains more than ${MAX_TENSORS} tensors`);
    const problem = findStrideProblem(tensor);
    if (problem !== undefined) fail(`tensor '${path}': ${problem}`);
    tensors.set(path, tensor);
  };

  visit(root, '', 0);
  return tensors;
}

const isContainer = (value: PyValue) =>
  value instanceof PyObject || value instanceof PyDict || value instanceof PyList || value instanceof PyTuple;

const isName = (key: PyValue): key is string | number => typeof key === 'string' || typeof key === 'number';
