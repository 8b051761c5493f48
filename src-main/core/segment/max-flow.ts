/** An undirected graph between a source and a sink. */
export type FlowGraph = {
  nodeCount: number;
  /** [nodes]: capacity from the source, or where negative, to the sink. */
  terminal: Float32Array;
  /** [edges]: ends and capacity, the same both ways. */
  from: ArrayLike<number>;
  to: ArrayLike<number>;
  capacity: Float32Array;
};

const NONE = -1;
const EPSILON = 1e-6;

/**
 * Minimum cut by Dinic's algorithm: levels by breadth, then blocking flow by depth.
 * @returns [nodes]: 1 on the source's side
 */
export function minimumCut(graph: FlowGraph): Uint8Array {
  return new Dinic(graph).run();
}

/** Residual network: arcs come in pairs, `arc ^ 1` is the way back. */
class Dinic {
  readonly #nodes: number;
  readonly #excess: Float32Array;
  readonly #demand: Float32Array;
  readonly #first: Int32Array;
  readonly #next: Int32Array;
  readonly #head: Int32Array;
  readonly #residual: Float32Array;
  readonly #level: Int32Array;
  readonly #current: Int32Array;
  readonly #queue: Int32Array;
  readonly #path: Int32Array;

  constructor({ nodeCount, terminal, from, to, capacity }: FlowGraph) {
    this.#nodes = nodeCount;
    this.#excess = terminal.map((value) => Math.max(value, 0));
    this.#demand = terminal.map((value) => Math.max(-value, 0));
    this.#first = new Int32Array(nodeCount).fill(NONE);
    this.#next = new Int32Array(capacity.length * 2);
    this.#head = new Int32Array(capacity.length * 2);
    this.#residual = new Float32Array(capacity.length * 2);
    this.#level = new Int32Array(nodeCount);
    this.#current = new Int32Array(nodeCount);
    this.#queue = new Int32Array(nodeCount);
    this.#path = new Int32Array(nodeCount + 1);
    for (let edge = 0; edge < capacity.length; edge++) {
      const [a, b] = [from[edge] ?? 0, to[edge] ?? 0];
      this.#addArc(edge * 2, a, b, capacity[edge] ?? 0);
      this.#addArc(edge * 2 + 1, b, a, capacity[edge] ?? 0);
    }
  }

  run(): Uint8Array {
    while (this.#label()) this.#block();
    return Uint8Array.from(this.#level, (level) => (level === NONE ? 0 : 1));
  }

  #addArc(arc: number, from: number, to: number, capacity: number): void {
    this.#head[arc] = to;
    this.#residual[arc] = capacity;
    this.#next[arc] = this.#first[from] ?? NONE;
    this.#first[from] = arc;
  }

  /** Distances from the source; whether the sink can be reached. */
  #label(): boolean {
    const level = this.#level.fill(NONE);
    const queue = this.#queue;
    let end = 0;
    for (let node = 0; node < this.#nodes; node++) {
      if ((this.#excess[node] ?? 0) <= EPSILON) continue;
      level[node] = 0;
      queue[end++] = node;
    }
    let isReached = false;
    for (let at = 0; at < end; at++) {
      const node = queue[at] ?? 0;
      if ((this.#demand[node] ?? 0) > EPSILON) isReached = true;
      for (let arc = this.#first[node] ?? NONE; arc !== NONE; arc = this.#next[arc] ?? NONE) {
        const other = this.#head[arc] ?? 0;
        if (level[other] !== NONE || (this.#residual[arc] ?? 0) <= EPSILON) continue;
        level[other] = (level[node] ?? 0) + 1;
        queue[end++] = other;
      }
    }
    return isReached;
  }

  #block(): void {
    this.#current.set(this.#first);
    for (let node = 0; node < this.#nodes; node++) {
      if (this.#level[node] !== 0) continue;
      while ((this.#excess[node] ?? 0) > EPSILON && this.#augment(node));
    }
  }

  /** Pushes one path's worth of flow from a node of level 0; false where none is left. */
  #augment(start: number): boolean {
    const { path, level, current, head, residual } = this.#parts;
    let depth = 0;
    let node = start;
    for (;;) {
      if ((this.#demand[node] ?? 0) > EPSILON) {
        this.#push(start, node, depth);
        return true;
      }
      let arc = current[node] ?? NONE;
      while (
        arc !== NONE &&
        ((residual[arc] ?? 0) <= EPSILON || level[head[arc] ?? 0] !== (level[node] ?? 0) + 1)
      ) {
        arc = this.#next[arc] ?? NONE;
      }
      current[node] = arc;
      if (arc !== NONE) {
        path[depth++] = arc;
        node = head[arc] ?? 0;
        continue;
      }
      if (depth === 0) return false;
      // A dead end: the level above tries its next arc.
      const back = path[--depth] ?? 0;
      node = head[back ^ 1] ?? 0;
      current[node] = this.#next[back] ?? NONE;
    }
  }

  get #parts() {
    return {
      path: this.#path,
      level: this.#level,
      current: this.#current,
      head: this.#head,
      residual: this.#residual,
    };
  }

  #push(start: number, end: number, depth: number): void {
    let amount = Math.min(this.#excess[start] ?? 0, this.#demand[end] ?? 0);
    for (let at = 0; at < depth; at++) amount = Math.min(amount, this.#residual[this.#path[at] ?? 0] ?? 0);
    this.#excess[start] = (this.#excess[start] ?? 0) - amount;
    this.#demand[end] = (this.#demand[end] ?? 0) - amount;
    for (let at = 0; at < depth; at++) {
      const arc = this.#path[at] ?? 0;
      this.#residual[arc] = (this.#residual[arc] ?? 0) - amount;
      this.#residual[arc ^ 1] = (this.#residual[arc ^ 1] ?? 0) + amount;
    }
  }
}
