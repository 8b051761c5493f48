import { numpyArrayOf } from './numpy-arrays.ts';
import { findStrideProblem, type StridedTensor } from './strided-tensor.ts';
import { torchTensorOf } from './torch-tensors.ts';
import { PyDict, PyList, PyObject, PyTuple, type PyValue } from './values.ts';

/** Values visited at most: shared values count each time, so sharing cannot make a small file endless. */
const MAX_VISITS = 1_000_000;
const MAX_DEPTH = 48;
/** Where a whole module keeps its parts: they are no part of a tensor's name. */
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
  let visits = 0;

  const visit = (value: PyValue, path: string, depth: number): void => {
    if (!isContainer(value)) return;
    if (++visits > MAX_VISITS) fail(`it holds more than ${MAX_VISITS} values`);
    if (depth > MAX_DEPTH) fail(`'${path.slice(0, 80)}...' is nested deeper than ${MAX_DEPTH} levels`);
    const below = (key: string | number) => (path === '' ? String(key) : `${path}.${key}`);
    if (value instanceof PyObject) {
      const tensor = torchTensorOf(value) ?? numpyArrayOf(value);
      if (tensor) {
        add(path, tensor);
        return;
      }
      visitState(value.state, path, depth);
      visit(value.dict, path, depth + 1);
      visit(value.list, path, depth + 1);
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
