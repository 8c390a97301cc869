/**
 * Incidents that one call over many of them works on at once: a hundred one after another took 2 s of an idle server. Their
 * appends share their commits; more would keep other callers waiting.
 */
export const atOnceMax = 10;

/**
 * Does it for each and answers in their order.
 * @throws what the first that failed threw, once all of them have ended: nothing is still done when the caller hears of it
 */
export async function forEach<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const ends = await Promise.allSettled(items.map(work));
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}
