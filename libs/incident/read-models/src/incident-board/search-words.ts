/*
 * Part of a description is found by the pairs of characters in it: Chinese has no spaces, and its words are mostly of two
 * characters. An index of pairs finds any of them, also those that no dictionary has (a lane, a company, a new word).
 *
 * The losers: trigrams (pg_trgm) need three characters, so 井盖 reads every row; a tokenizer (jieba) finds what its
 * dictionary cuts, so 井盖 is not found in what it took for 下水井 and 盖板, and another dictionary is another index;
 * pg_bigm does the same as this, and is an extension that a server of one's own may not have.
 */

/** More of them narrow nothing down that is worth their reading. */
const askedPairsMax = 12;

/** As it is compared: width and case of letters say nothing; PostgreSQL keeps no character 0. */
export const foldText = (text: string): string => text.normalize('NFKC').toLowerCase().replaceAll('\0', '');

/** UTF-16 units are 16 bits, so that a pair of them is one whole number of 32, and a single one is no pair. */
const pairAt = (text: string, index: number): number =>
  (text.charCodeAt(index) << 16) | text.charCodeAt(index + 1);

function pairsOf(folded: string): number[] {
  const pairs = Array.from({ length: Math.max(0, folded.length - 1) }, (_, index) => pairAt(folded, index));
  return [...new Set(pairs)];
}

/** What a description is found by: every pair in it and every single character. */
export function wordsOf(folded: string): number[] {
  const singles = Array.from({ length: folded.length }, (_, index) => folded.charCodeAt(index));
  return [...new Set([...pairsOf(folded), ...singles])];
}

/** What must be among the words of a description that holds this text; that it does, they alone do not prove. */
export const wordsAsked = (folded: string): number[] =>
  folded.length === 1 ? [folded.charCodeAt(0)] : pairsOf(folded).slice(0, askedPairsMax);
