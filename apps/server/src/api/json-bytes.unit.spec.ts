import { listBytes } from './json-bytes.js';

describe('the bytes of an answer whose items are JSON already', () => {
  it.each([
    [[]],
    [['{"a":1}']],
    [['{"a":"楼前"}', '{"b":"𠮷野家 é"}', '"\\ud83d"']],
    [['"' + '井'.repeat(10_000) + '"', '1']],
  ])('are those of the text: %#', (items) => {
    const text = `{"items":[${items.join(',')}],"position":"5"}`;
    expect(listBytes('{"items":[', items, '],"position":"5"}').equals(Buffer.from(text))).toBe(true);
  });
});
