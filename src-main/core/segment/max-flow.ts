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

/** Flow below this counts as none. */
const EPSILON = 1e-6;
/** What a node hangs from instead of an arc. */
const NOTHING = -1;
const TERMINAL = -2;
const ORPHAN = -3;
/** The trees: of nodes that the source reaches, and of nodes that reach the sink. */
const FREE = 0;
const SOURCE = 1;
const SINK = 2;

/**
 * Minimum cut by the algorithm of Boykov and Kolmogorov (PAMI 2004): two trees grow from source and sink until they
 * meet, flow is pushed along the path, and what it cuts off looks for a new parent. Of several minimum cuts, the one
 * with the fewest nodes on the source's side.
 * @returns [nodes]: 1 on the source's side
 */
export function minimumCut(graph: FlowGraph): Uint8Array {
  return new SearchTrees(graph).run();
}

/** Residual network: the arcs of a node follow each other, and `sister` of an arc is the way back. */
class SearchTrees {
  readonly #terminal: Float32Array;
  /** [nodes + 1]: the first arc of each node. */
  readonly #first: Int32Array;
  readonly #head: Int32Array;
  readonly #sister: Int32Array;
  readonly #residual: Float32Array;
  readonly #tree: Uint8Array;
  /** [nodes]: the arc to the parent, or TERMINAL, ORPHAN, NOTHING. */
  readonly #parent: Int32Array;
  /** [nodes]: distance to the terminal, true if found at the time of the search. */
  readonly #distance: Int32Array;
  readonly #time: Int32Array;
  readonly #active: NodeQueue;
  readonly #orphans: number[] = [];
  #now = 0;

  constructor({ nodeCount, terminal, from, to, capacity }: FlowGraph) {
    this.#terminal = terminal.slice();
    this.#tree = new Uint8Array(nodeCount);
    this.#parent = new Int32Array(nodeCount).fill(NOTHING);
    this.#distance = new Int32Array(nodeCount);
    this.#time = new Int32Array(nodeCount);
    this.#active = new NodeQueue(nodeCount);
    const arcs = capacity.length * 2;
    this.#first = new Int32Array(nodeCount + 1);
    this.#head = new Int32Array(arcs);
    this.#sister = new Int32Array(arcs);
    this.#residual = new Float32Array(arcs);
    const first = this.#first;
    for (let edge = 0; edge < capacity.length; edge++) {
      const [a, b] = [(from[edge] ?? 0) + 1, (to[edge] ?? 0) + 1];
      first[a] = (first[a] ?? 0) + 1;
      first[b] = (first[b] ?? 0) + 1;
    }
    for (let node = 0; node < nodeCount; node++)
      first[node + 1] = (first[node + 1] ?? 0) + (first[node] ?? 0);
    const next = first.slice();
    const place = (node: number) => {
      const at = next[node] ?? 0;
      next[node] = at + 1;
      return at;
    };
    for (let edge = 0; edge < capacity.length; edge++) {
      const [a, b] = [from[edge] ?? 0, to[edge] ?? 0];
      const [there, back] = [place(a), place(b)];
      this.#head[there] = b;
      this.#head[back] = a;
      this.#sister[there] = back;
      this.#sister[back] = there;
      this.#residual[there] = this.#residual[back] = capacity[edge] ?? 0;
    }
  }

  run(): Uint8Array {
    this.#terminal.forEach((value, node) => {
      if (Math.abs(value) <= EPSILON) return;
      this.#tree[node] = value > 0 ? SOURCE : SINK;
      this.#parent[node] = TERMINAL;
      this.#distance[node] = 1;
      this.#active.push(node);
    });
    for (let node = this.#active.shift(); node !== NOTHING;) {
      const meeting = this.#parent[node] === NOTHING ? NOTHING : this.#grow(node);
      if (meeting === NOTHING) {
        node = this.#active.shift();
        continue;
      }
      this.#now++;
      this.#augment(meeting);
      this.#adopt();
    }
    return this.#tree.map((tree) => (tree === SOURCE ? 1 : 0));
  }

  /** Takes a node's free neighbours into its tree. @returns an arc from the source's tree to the sink's, or NOTHING */
  #grow(node: number): number {
    const isSource = this.#tree[node] === SOURCE;
    const last = this.#first[node + 1] ?? 0;
    for (let arc = this.#first[node] ?? 0; arc < last; arc++) {
      const back = this.#sister[arc] ?? 0;
      if ((this.#residual[isSource ? arc : back] ?? 0) <= EPSILON) continue;
      const other = this.#head[arc] ?? 0;
      const tree = this.#tree[other] ?? FREE;
      if (tree === FREE) {
        this.#tree[other] = isSource ? SOURCE : SINK;
        this.#hang(other, node, back);
        this.#active.push(other);
      } else if (tree !== this.#tree[node]) {
        return isSource ? arc : back;
      } else if (this.#isShorter(node, other)) {
        this.#hang(other, node, back);
      }
    }
    return NOTHING;
  }

  /** Whether a node would be nearer to its terminal below `node`, as far as that is known. */
  #isShorter(node: number, other: number): boolean {
    return (
      (this.#time[other] ?? 0) <= (this.#time[node] ?? 0) &&
      (this.#distance[other] ?? 0) > (this.#distance[node] ?? 0) + 1
    );
  }

  #hang(node: number, parent: number, arc: number): void {
    this.#parent[node] = arc;
    this.#time[node] = this.#time[parent] ?? 0;
    this.#distance[node] = (this.#distance[parent] ?? 0) + 1;
  }

  /** Pushes what fits along the path through an arc between the trees. */
  #augment(middle: number): void {
    const back = this.#sister[middle] ?? 0;
    const [start, end] = [this.#head[back] ?? 0, this.#head[middle] ?? 0];
    const amount = Math.min(this.#residual[middle] ?? 0, this.#room(start, true), this.#room(end, false));
    this.#push(middle, amount);
    this.#drain(start, amount, true);
    this.#drain(end, amount, false);
  }

  /** The least residual between a node and its terminal. */
  #room(start: number, isSource: boolean): number {
    let room = Infinity;
    let node = start;
    for (let arc = this.#parent[node] ?? NOTHING; arc >= 0; arc = this.#parent[node] ?? NOTHING) {
      room = Math.min(room, this.#residual[isSource ? (this.#sister[arc] ?? 0) : arc] ?? 0);
      node = this.#head[arc] ?? 0;
    }
    return Math.min(room, Math.abs(this.#terminal[node] ?? 0));
  }

  /** Takes flow off the way between a node and its terminal; nodes behind a full arc become orphans. */
  #drain(start: number, amount: number, isSource: boolean): void {
    let node = start;
    for (let arc = this.#parent[node] ?? NOTHING; arc >= 0;) {
      const above = this.#head[arc] ?? 0;
      const used = isSource ? (this.#sister[arc] ?? 0) : arc;
      this.#push(used, amount);
      if ((this.#residual[used] ?? 0) <= EPSILON) this.#orphan(node);
      node = above;
      arc = this.#parent[node] ?? NOTHING;
    }
    const left = Math.abs(this.#terminal[node] ?? 0) - amount;
    this.#terminal[node] = isSource ? left : -left;
    if (left <= EPSILON) this.#orphan(node);
  }

  #push(arc: number, amount: number): void {
    const back = this.#sister[arc] ?? 0;
    this.#residual[arc] = (this.#residual[arc] ?? 0) - amount;
    this.#residual[back] = (this.#residual[back] ?? 0) + amount;
  }

  #orphan(node: number): void {
    this.#parent[node] = ORPHAN;
    this.#orphans.push(node);
  }

  /** Finds each orphan a parent of its tree that still hangs from the terminal, or sets it free. */
  #adopt(): void {
    for (let orphan = this.#orphans.pop(); orphan !== undefined; orphan = this.#orphans.pop()) {
      const parent = this.#nearestParent(orphan);
      if (parent === NOTHING) this.#release(orphan);
      else {
        this.#parent[orphan] = parent;
        this.#time[orphan] = this.#now;
        this.#distance[orphan] = (this.#distance[this.#head[parent] ?? 0] ?? 0) + 1;
      }
    }
  }

  #nearestParent(orphan: number): number {
    const isSource = this.#tree[orphan] === SOURCE;
    const last = this.#first[orphan + 1] ?? 0;
    let [best, nearest] = [NOTHING, Infinity];
    for (let arc = this.#first[orphan] ?? 0; arc < last; arc++) {
      const other = this.#head[arc] ?? 0;
      if (this.#tree[other] !== this.#tree[orphan]) continue;
      if ((this.#residual[isSource ? (this.#sister[arc] ?? 0) : arc] ?? 0) <= EPSILON) continue;
      const distance = this.#distanceOf(other);
      if (distance < nearest) [best, nearest] = [arc, distance];
    }
    return best;
  }

  /** Arcs between a node and its terminal; Infinity where the way ends at an orphan. */
  #distanceOf(start: number): number {
    let distance = 0;
    let node = start;
    while (this.#time[node] !== this.#now) {
      const arc = this.#parent[node] ?? NOTHING;
      distance++;
      if (arc === TERMINAL) break;
      if (arc < 0) return Infinity;
      node = this.#head[arc] ?? 0;
    }
    if (this.#time[node] === this.#now) distance += this.#distance[node] ?? 0;
    const total = distance;
    for (node = start; this.#time[node] !== this.#now; distance--) {
      this.#time[node] = this.#now;
      this.#distance[node] = distance;
      const arc = this.#parent[node] ?? NOTHING;
      if (arc < 0) break;
      node = this.#head[arc] ?? 0;
    }
    return total;
  }

  /** An orphan without a parent leaves its tree: neighbours try again, and its children are orphans, too. */
  #release(orphan: number): void {
    const tree = this.#tree[orphan];
    const last = this.#first[orphan + 1] ?? 0;
    for (let arc = this.#first[orphan] ?? 0; arc < last; arc++) {
      const other = this.#head[arc] ?? 0;
      if (this.#tree[other] !== tree) continue;
      const inward = tree === SOURCE ? (this.#sister[arc] ?? 0) : arc;
      if ((this.#residual[inward] ?? 0) > EPSILON) this.#active.push(other);
      const above = this.#parent[other] ?? NOTHING;
      if (above >= 0 && this.#head[above] === orphan) this.#orphan(other);
    }
    this.#tree[orphan] = FREE;
    this.#parent[orphan] = NOTHING;
  }
}

/** Nodes in the order in which they came, each at most once. */
class NodeQueue {
  readonly #nodes: Int32Array;
  readonly #isWaiting: Uint8Array;
  #start = 0;
  #count = 0;

  constructor(nodeCount: number) {
    this.#nodes = new Int32Array(Math.max(nodeCount, 1));
    this.#isWaiting = new Uint8Array(nodeCount);
  }

  push(node: number): void {
    if (this.#isWaiting[node]) return;
    this.#isWaiting[node] = 1;
    this.#nodes[(this.#start + this.#count) % this.#nodes.length] = node;
    this.#count++;
  }

  /** @returns NOTHING when empty */
  shift(): number {
    if (this.#count === 0) return NOTHING;
    const node = this.#nodes[this.#start] ?? 0;
    this.#start = (this.#start + 1) % this.#nodes.length;
    this.#count--;
    this.#isWaiting[node] = 0;
    return node;
  }
}
