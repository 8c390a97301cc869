import { ReceiptCodes, receiptHashOf } from './index.js';

const codes = new ReceiptCodes(Buffer.alloc(32, 7));
const incidentIds = Array.from({ length: 500 }, (_, index) => `incident ${index}`);

test('four groups of four characters that cannot be misheard', () => {
  for (const id of incidentIds) {
    expect(codes.codeFor(id)).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
  }
});

test('the same for the same incident, another for another, another under another key', () => {
  expect(codes.codeFor('a')).toBe(codes.codeFor('a'));
  expect(new Set(incidentIds.map((id) => codes.codeFor(id))).size).toBe(incidentIds.length);
  expect(new ReceiptCodes(Buffer.alloc(32, 8)).codeFor('a')).not.toBe(codes.codeFor('a'));
});

// Codes are out with reporters for as long as their cases live: how they are made may never change.
test('as it was for the first incident ever', () => {
  expect(codes.codeFor('018f2f6e-0000-7000-8000-000000000001')).toBe('NH6T-N6CA-QVW2-W5F2');
});

test.each(['k7qd-2m4x-90tb-zc1f', 'K7QD2M4X90TBZC1F', ' k7qd 2m4x 90tb zc1f ', 'K7QD—2M4X–90TB·ZC1F'])(
  'is known however it is typed: %s',
  (typed) => {
    expect(receiptHashOf(typed)).toBe(receiptHashOf('K7QD-2M4X-90TB-ZC1F'));
  },
);

test('one character off is another code', () => {
  expect(receiptHashOf('K7QD-2M4X-90TB-ZC1G')).not.toBe(receiptHashOf('K7QD-2M4X-90TB-ZC1F'));
  expect(receiptHashOf('K7QD-2M4X-90TB-ZC1F')).toMatch(/^[0-9a-f]{64}$/);
});
