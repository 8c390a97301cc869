// Small arithmetic over measured rounds.

/** Middle of a list; mean of the two in the middle when their number is even. NaN for none. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The smallest value that `share` (0 to 1) of a sorted list does not exceed; nearest rank. NaN for none. */
export function percentile(sorted, share) {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}

/** Three significant digits, so that no table claims more than a run can know. */
export function rounded(value) {
  return Number.isFinite(value) ? Number(value.toPrecision(3)) : value;
}
