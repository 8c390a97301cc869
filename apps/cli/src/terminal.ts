import { resolve } from 'node:path';

/** Where commands write: results on standard output, everything else on standard error. */
export interface Terminal {
  /** A line for people, or the one JSON document of `--json`. */
  out(text: string): void;
  /** Progress and remarks. */
  note(text: string): void;
  /** True when a person watches standard error. */
  readonly interactive: boolean;
}

/** To the beginning of the line, which is empty then: a bar may stand there. */
const clearLine = process.stderr.isTTY === true ? '\r\u001b[2K' : '';

export const processTerminal: Terminal = {
  out: (text) => void process.stdout.write(`${text}\n`),
  note: (text) => void process.stderr.write(`${clearLine}${text}\n`),
  interactive: process.stderr.isTTY === true,
};

/** Writes a result: as one JSON document, or as lines for people. */
export function show(
  terminal: Terminal,
  json: boolean,
  value: unknown,
  lines: () => readonly string[],
): void {
  if (json) terminal.out(JSON.stringify(value, null, 2));
  else for (const line of lines()) terminal.out(line);
}

/**
 * Rows as aligned columns. Chinese characters take two cells of a terminal.
 * @param rows cells; the first row is the heading
 */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => cellsOf(row[column] ?? ''))),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - cellsOf(cell))))
      .join('  ')
      .trimEnd(),
  );
}

function cellsOf(text: string): number {
  let cells = 0;
  for (const char of text)
    cells += /[\u1100-\u115f\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/.test(char) ? 2 : 1;
  return cells;
}

/** A path as the caller means it: npm runs scripts in the project's folder and says where it was called. */
export function callerPath(path: string, env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env['INIT_CWD'] ?? process.cwd(), path);
}
