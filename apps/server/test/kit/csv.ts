/** A table as whoever opens it has it: a record per row, by the names of its columns. RFC 4180, strictly: anything else throws. */
export function parseCsv(text: string): Readonly<Record<string, string>>[] {
  const [names = [], ...rows] = linesOf(text);
  return rows.map((cells) => {
    if (cells.length !== names.length) throw new Error(`${cells.length} cells under ${names.length} columns`);
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
  });
}

/** A cell in quotes, which it doubles, or without any; and what ends it. */
const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;

function linesOf(text: string): string[][] {
  const lines: string[][] = [];
  let cells: string[] = [];
  for (field.lastIndex = 0; field.lastIndex < text.length;) {
    const from = field.lastIndex;
    const [, quoted, plain, end] = field.exec(text) ?? [];
    if (end === undefined) throw new Error(`no CSV from character ${from} on`);
    cells.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === ',') continue;
    lines.push(cells);
    cells = [];
  }
  if (cells.length > 0) throw new Error('the last line does not end');
  return lines;
}
