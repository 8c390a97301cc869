/**
 * Deals what there is to those who have asked, nobody more than they asked for, and otherwise as evenly as that allows: whoever shares
 * work does so also where there is little of it. In the order in which they asked, each the next few.
 * @param most for each of them; together no fewer than `items`
 */
export function dealt<Item>(items: readonly Item[], most: readonly number[]): Item[][] {
  const shares = sharesOf(items.length, most);
  let from = 0;
  return shares.map((share) => items.slice(from, (from += share)));
}

function sharesOf(count: number, most: readonly number[]): number[] {
  const shares = most.map(() => 0);
  // From who wants least: what they leave is divided among the others.
  const order = most.map((_, index) => index).sort((a, b) => (most[a] ?? 0) - (most[b] ?? 0) || a - b);
  let left = count;
  order.forEach((index, turn) => {
    const share = Math.min(most[index] ?? 0, Math.ceil(left / (order.length - turn)));
    shares[index] = share;
    left -= share;
  });
  return shares;
}
