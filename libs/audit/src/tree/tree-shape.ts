/** A complete subtree: the leaves from `index · 2^level` up to, not including, `(index + 1) · 2^level`. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/** Leaves from `from` up to, not including, `to`. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/** Thrown when a proof is asked for that no tree of this size can have. */
export class OutsideTree extends Error {
  readonly code = 'OUTSIDE_TREE';
}

/** The largest power of two that is not above `count`, and its exponent. No bit operators: they end at 2^31. */
function powerWithin(count: number): { readonly size: number; readonly level: number } {
  let [size, level] = [1, 0];
  while (size * 2 <= count) [size, level] = [size * 2, level + 1];
  return { size, level };
}

/** Where RFC 6962 divides `count` leaves: the largest power of two below it. */
const splitOf = (count: number): number => powerWithin(count - 1).size;

/** The complete subtrees that a range consists of, left to right; the range must be one that the functions below give. */
export function nodesOf({ from, to }: LeafRange): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let at = from; at < to;) {
    const { size, level } = powerWithin(to - at);
    nodes.push({ level, index: at / size });
    at += size;
  }
  return nodes;
}

function requireWithin(what: string, value: number, min: number, max: number): void {
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw new OutsideTree(`${what} must be a whole number from ${min} to ${max}, not ${value}`);
  }
}

/**
 * The ranges whose hashes prove that leaf `index` is in the tree of `size` leaves, in the order of the proof
 * (RFC 9162, 2.1.3.1).
 * @throws OutsideTree
 */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  requireWithin('the index of a leaf', index, 0, size - 1);
  const ranges: LeafRange[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    ranges.push(index < middle ? { from: middle, to } : { from, to: middle });
    if (index < middle) to = middle;
    else from = middle;
  }
  return ranges.reverse();
}

/**
 * The ranges whose hashes prove that the tree of `from` leaves is the beginning of that of `to`, in the order of the proof
 * (RFC 9162, 2.1.4.1). None for two equal sizes and for the empty tree, which every tree begins with.
 * @throws OutsideTree
 */
export function consistencyRanges(from: number, to: number): LeafRange[] {
  requireWithin('the smaller size', from, 0, to);
  if (from === 0) return [];
  const ranges: LeafRange[] = [];
  let [start, end] = [0, to];
  while (from < end) {
    const middle = start + splitOf(end - start);
    ranges.push(from <= middle ? { from: middle, to: end } : { from: start, to: middle });
    if (from <= middle) end = middle;
    else start = middle;
  }
  // A subtree that begins at the first leaf is the older tree itself, whose root the verifier has.
  if (start > 0) ranges.push({ from: start, to: end });
  return ranges.reverse();
}
