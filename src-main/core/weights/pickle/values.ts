/**
 * What a pickle describes, as inert data. Calls of Python functions are kept as the names of what would be
 * called and with what: nothing here can run anything.
 */
export type PyValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array<ArrayBuffer>
  | PyList
  | PyTuple
  | PyDict
  | PyGlobal
  | PyObject
  | PyReference;

/** A list, or a set. */
export class PyList {
  readonly items: PyValue[] = [];
}

export class PyTuple {
  readonly items: readonly PyValue[];
  constructor(items: readonly PyValue[]) {
    this.items = items;
  }
}

/** A dictionary; as in Python, a repeated key keeps the last value. */
export class PyDict {
  readonly entries = new Map<PyValue, PyValue>();
}

/** Something of a Python module, by name alone. */
export class PyGlobal {
  /** `module.name` */
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
}

/** What Python would have made by calling something; never called here. */
export class PyObject {
  readonly callee: PyGlobal;
  readonly args: readonly PyValue[];
  state: PyValue = null;
  #list: PyList | undefined;
  #dict: PyDict | undefined;
  constructor(callee: PyGlobal, args: readonly PyValue[]) {
    this.callee = callee;
    this.args = args;
  }

  /** What was added to it, where it is a kind of list. */
  get list(): PyList {
    return (this.#list ??= new PyList());
  }

  /** What was set in it, where it is a kind of dictionary. */
  get dict(): PyDict {
    return (this.#dict ??= new PyDict());
  }

  /** The two, where they have been used. */
  get contents(): (PyList | PyDict)[] {
    return [this.#dict, this.#list].filter((part) => part !== undefined);
  }
}

/** Something that lies outside the pickle, such as the elements of a tensor. */
export class PyReference {
  readonly id: PyValue;
  constructor(id: PyValue) {
    this.id = id;
  }
}
