/** What one UTF-16 unit takes in UTF-8 at the most. */
const bytesPerUnitMax = 3;

/**
 * The bytes of texts one after the other, for answers whose items are JSON already. Joined and sent as one text, they would be copied
 * into one of two bytes a character, measured, and encoded: with Chinese in them nearly three times the processor time of a page.
 */
export function bytesOf(texts: readonly string[]): Buffer {
  const units = texts.reduce((sum, { length }) => sum + length, 0);
  const bytes = Buffer.allocUnsafe(units * bytesPerUnitMax);
  let length = 0;
  for (const text of texts) length += bytes.write(text, length);
  return bytes.subarray(0, length);
}

/** `before`, the items with commas between them, `after`. */
export function listBytes(before: string, items: readonly string[], after: string): Buffer {
  return bytesOf([before, ...items.flatMap((item, index) => (index === 0 ? [item] : [',', item])), after]);
}
