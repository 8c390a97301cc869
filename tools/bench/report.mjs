// What a benchmark hands out: a table for people, a JSON file for programs.
import { writeFile } from 'node:fs/promises';

const isNumber = (cell) => /^[\d.,<>≥≤×%+ -]+$/.test(cell);

/** How many columns of a terminal a text takes: Chinese characters take two. */
function width(text) {
  return [...text].reduce((sum, char) => sum + (/[\u1100-\u115f\u2e80-\uffdc]/u.test(char) ? 2 : 1), 0);
}

/** Columns as wide as their widest cell; numbers to the right. */
export function table(head, lines) {
  const rows = [head, ...lines].map((cells) => cells.map((cell) => String(cell ?? '')));
  const widths = head.map((_, column) => Math.max(...rows.map((cells) => width(cells[column]))));
  const right = head.map(
    (_, column) => lines.length > 0 && rows.slice(1).every((r) => r[column] === '' || isNumber(r[column])),
  );
  const draw = (cells) =>
    cells
      .map((cell, column) => {
        const pad = ' '.repeat(widths[column] - width(cell));
        return right[column] ? pad + cell : cell + pad;
      })
      .join('  ')
      .trimEnd();
  const [first, ...rest] = rows.map(draw);
  return [first, widths.map((n) => '─'.repeat(n)).join('  '), ...rest].join('\n');
}

/** `1,234`, `12.3`, `0.04`: as many digits as a benchmark can know; `–` for what could not be measured. */
export function figure(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/**
 * Writes `{ rows: [{ name, value, unit, ratio?, target?, ok? }], conditions }`.
 * `target` and `ok` speak of `ratio` where there is one, of `value` otherwise.
 */
export async function writeJson(file, rows, conditions) {
  await writeFile(file, `${JSON.stringify({ rows, conditions }, null, 2)}\n`);
}
