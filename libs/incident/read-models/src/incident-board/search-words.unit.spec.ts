import fc from 'fast-check';
import { propertyParameters } from '@shaoying/event-store/testing';
import { foldText, wordsAsked, wordsOf } from './search-words.js';

const found = (description: string, asked: string): boolean => {
  const words = new Set(wordsOf(foldText(description)));
  return wordsAsked(foldText(asked)).every((word) => words.has(word));
};

it.each([
  ['朝阳路 1 号井盖缺失', '井盖'],
  ['朝阳路 1 号井盖缺失', '盖'],
  ['Ｗｉ-Fi 信号柜倾倒', 'wi-fi'],
  ['𠮷祥里路灯不亮', '𠮷祥'],
])('%s is found by %s', (description, asked) => {
  expect(found(description, asked)).toBe(true);
});

it.each([
  ['水井旁的盖板', '井盖'],
  ['路灯不亮', '井'],
])('%s is not found by %s', (description, asked) => {
  expect(found(description, asked)).toBe(false);
});

it('any part of any text is among its words, as whole numbers of 32 bits', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(text, fc.nat(), fc.nat(), (whole, from, length) => {
      const folded = foldText(whole);
      fc.pre(folded.length > 0);
      const start = from % folded.length;
      const part = folded.slice(start, start + 1 + (length % 20));
      const words = wordsOf(folded);
      expect(words).toEqual(expect.arrayContaining(wordsAsked(part)));
      expect(words.every((word) => word === (word | 0))).toBe(true);
    }),
    propertyParameters({}),
  );
});
