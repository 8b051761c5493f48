import { describe, expect, test } from 'vitest';
import { minimumCut, type FlowGraph } from '../../../../src-main/core/segment/max-flow.ts';
import { drawsFor } from '../../../../src-main/core/tensor/random.ts';

describe('a minimum cut', () => {
  test('cuts the weakest link between source and sink', () => {
    const chain = { nodeCount: 4, from: [0, 1, 2], to: [1, 2, 3] };
    const terminal = Float32Array.of(9, 0, 0, -9);
    const cut = (...capacity: number[]) => [
      ...minimumCut({ ...chain, terminal, capacity: Float32Array.from(capacity) }),
    ];
    expect(cut(3, 1, 2)).toEqual([1, 1, 0, 0]);
    expect(cut(1, 3, 2)).toEqual([1, 0, 0, 0]);
  });

  test('costs as much as the best of all cuts of small random graphs', () => {
    const draw = drawsFor({ seed: 1, step: 0, stream: 'graphs' });
    for (let round = 0; round < 30; round++) {
      const nodeCount = 6;
      const pairs = Array.from({ length: 15 }, (_, at) => [at % 6, (at * 7 + 1) % 6] as const).filter(
        ([a, b]) => a !== b,
      );
      const graph = {
        nodeCount,
        terminal: Float32Array.from({ length: nodeCount }, () => draw() * 8 - 4),
        from: pairs.map(([a]) => a),
        to: pairs.map(([, b]) => b),
        capacity: Float32Array.from(pairs, () => draw() * 2),
      };
      const cost = (side: ArrayLike<number>) => {
        let sum = 0;
        graph.terminal.forEach(
          (value, node) => (sum += side[node] ? Math.max(-value, 0) : Math.max(value, 0)),
        );
        graph.capacity.forEach(
          (value, e) => (sum += side[graph.from[e] ?? 0] === side[graph.to[e] ?? 0] ? 0 : value),
        );
        return sum;
      };
      const all = Array.from({ length: 64 }, (_, bits) =>
        cost([0, 1, 2, 3, 4, 5].map((node) => (bits >> node) & 1)),
      );
      expect(cost(minimumCut(graph))).toBeCloseTo(Math.min(...all), 4);
    }
  });

  test('of a large grid is worth as much as the largest flow, and has no node more than it must', () => {
    const draw = drawsFor({ seed: 2, step: 0, stream: 'grids' });
    for (let round = 0; round < 12; round++) {
      const graph = randomGrid(14, draw);
      const { flow, reached } = largestFlow(graph);
      const side = minimumCut(graph);
      expect(costOf(graph, side)).toBe(flow);
      expect([...side]).toEqual(reached);
    }
  });

  test('of a graph without edges follows the terminals', () => {
    const graph = {
      nodeCount: 3,
      terminal: Float32Array.of(2, 0, -1),
      from: [],
      to: [],
      capacity: new Float32Array(0),
    };
    expect([...minimumCut(graph)]).toEqual([1, 0, 0]);
  });
});

/** A square grid with whole capacities, of which floating-point sums are exact. */
function randomGrid(side: number, draw: () => number): FlowGraph {
  const nodeCount = side * side;
  const pairs = Array.from({ length: nodeCount }, (_, node) => [
    ...((node + 1) % side === 0 ? [] : [[node, node + 1] as const]),
    ...(node + side < nodeCount ? [[node, node + side] as const] : []),
  ]).flat();
  return {
    nodeCount,
    terminal: Float32Array.from({ length: nodeCount }, () => Math.round(draw() * 20 - 10)),
    from: pairs.map(([a]) => a),
    to: pairs.map(([, b]) => b),
    capacity: Float32Array.from(pairs, () => Math.round(draw() * 8)),
  };
}

function costOf({ terminal, from, to, capacity }: FlowGraph, side: ArrayLike<number>): number {
  const unary = terminal.reduce((sum, value, node) => sum + Math.max(side[node] ? -value : value, 0), 0);
  return capacity.reduce(
    (sum, value, edge) => sum + (side[from[edge] ?? 0] === side[to[edge] ?? 0] ? 0 : value),
    unary,
  );
}

/** By shortest augmenting paths (Edmonds and Karp) over a matrix; `reached` are the nodes that the source still reaches. */
function largestFlow({ nodeCount, terminal, from, to, capacity }: FlowGraph) {
  const [source, sink, size] = [nodeCount, nodeCount + 1, nodeCount + 2];
  const room = new Float64Array(size * size);
  terminal.forEach(
    (value, node) => (room[value > 0 ? source * size + node : node * size + sink] = Math.abs(value)),
  );
  capacity.forEach((value, edge) => {
    for (const [a, b] of [
      [from[edge] ?? 0, to[edge] ?? 0],
      [to[edge] ?? 0, from[edge] ?? 0],
    ] as const) {
      room[a * size + b] = value;
    }
  });
  for (let flow = 0; ;) {
    const parents = new Map([[source, source]]);
    for (const node of parents.keys()) {
      for (let other = 0; other < size; other++) {
        if (!parents.has(other) && (room[node * size + other] ?? 0) > 0) parents.set(other, node);
      }
    }
    if (!parents.has(sink)) {
      return { flow, reached: Array.from({ length: nodeCount }, (_, node) => Number(parents.has(node))) };
    }
    const path: [number, number][] = [];
    for (let node = sink; node !== source; node = parents.get(node) ?? source)
      path.push([parents.get(node) ?? source, node]);
    const amount = Math.min(...path.map(([a, b]) => room[a * size + b] ?? 0));
    for (const [a, b] of path) {
      room[a * size + b] = (room[a * size + b] ?? 0) - amount;
      room[b * size + a] = (room[b * size + a] ?? 0) + amount;
    }
    flow += amount;
  }
}
