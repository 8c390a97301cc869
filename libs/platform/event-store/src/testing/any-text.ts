import fc, { type Arbitrary, type StringConstraints } from 'fast-check';

const surrogates = { first: 0xd800, count: 0x800 };
const codePointMax = 0x10ffff;

const characterAt = (index: number): string =>
  String.fromCodePoint(index < surrogates.first ? index : index + surrogates.count);

function indexOf(character: unknown): number {
  const codePoint = typeof character === 'string' ? (character.codePointAt(0) ?? -1) : -1;
  if (codePoint < 0 || String.fromCodePoint(codePoint) !== character)
    throw new TypeError('not one character');
  return codePoint < surrogates.first ? codePoint : codePoint - surrogates.count;
}

/** Every character that Unicode has a number for, surrogates aside. */
const anyCharacter = fc.integer({ min: 0, max: codePointMax - surrogates.count }).map(characterAt, indexOf);

/**
 * Texts of any characters: what `unit: 'binary'` of `fc.string` means. That one makes a table of all 1,112,064 of them first, in each
 * spec file anew, which takes 2.5 s of the processor.
 */
export const anyText = (constraints: Omit<StringConstraints, 'unit'> = {}): Arbitrary<string> =>
  fc.string({ ...constraints, unit: anyCharacter });
