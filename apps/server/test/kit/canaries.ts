import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';

/** Secrets that are planted, and looked for wherever anything comes out. */
export class Canaries {
  private readonly forms: readonly string[];

  constructor(private readonly secrets: readonly string[]) {
    this.forms = [...new Set(secrets.flatMap(formsOf))].map((form) => form.toLowerCase());
  }

  /** @returns those that a text holds, in any form */
  in(text: string): string[] {
    const lowerCase = text.toLowerCase();
    return this.forms.filter((form) => lowerCase.includes(form));
  }

  /** Fails with the place and what was found in it. */
  expectNoneIn(where: string, text: string): void {
    expect({ where, found: this.in(text) }).toEqual({ where, found: [] });
  }

  /** Every table of a database, row by row as text: the log, keys, read models, deadlines, the jobs of the alarm clock. */
  async expectNoneInTables(url: string): Promise<{ readonly tables: readonly string[]; text: string }> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      const { rows } = await client.query<{ name: string }>(
        `select format('%I.%I', schemaname, tablename) as name from pg_tables
         where schemaname not in ('pg_catalog', 'information_schema')`,
      );
      const tables = rows.map(({ name }) => name);
      let all = '';
      for (const name of tables) {
        const found = await client.query<{ row: string }>(`select t::text as row from ${name} t`);
        const text = found.rows.map(({ row }) => row).join('\n');
        this.expectNoneIn(name, text);
        all += text;
      }
      return { tables, text: all };
    } finally {
      await client.end();
    }
  }

  /** Every file of a folder, byte by byte: heap and write-ahead log of PostgreSQL, too. @returns how many */
  async expectNoneInFiles(folder: string): Promise<number> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    for (const file of files) {
      const bytes = await readFile(file);
      const found = this.secrets.filter((secret) => bytes.includes(secret));
      expect({ file, found }).toEqual({ file, found: [] });
    }
    return files.length;
  }
}

/** As it would stand in text, in an escaped JSON text, in an address, in bytea, and without what people put between digits. */
function formsOf(secret: string): string[] {
  const digits = secret.replace(/[^0-9]/g, '');
  const bytes = Buffer.from(secret, 'utf8');
  return [
    ...[secret, encodeURIComponent(secret), bytes.toString('hex'), bytes.toString('base64').slice(0, 12)],
    // Shorter ones stand in any identifier.
    ...(digits.length >= 10 ? [digits] : []),
    [...secret].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  ];
}
