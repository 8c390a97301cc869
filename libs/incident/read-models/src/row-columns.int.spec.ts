import fc from 'fast-check';
import { Client } from 'pg';
import { propertyParameters } from '@shaoying/event-store/testing';
import { type TestDatabase, createTestDatabase } from '@shaoying/postgres/testing';
import { columnArray, travelType, type ColumnType } from './row-columns.js';

type Cell = string | number | boolean | null;

const rowsOf = (cells: readonly Cell[]): { cell: Cell }[] => cells.map((cell) => ({ cell }));

describe('a column sent in binary', () => {
  let database: TestDatabase;
  let client: Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  /** What PostgreSQL has received, as it prints it. */
  async function received(type: ColumnType, cells: readonly Cell[]): Promise<(string | null)[]> {
    const { rows } = await client.query<{ text: string | null }>(
      `select u.cell::text as text from unnest($1::${travelType(type)}[]) with ordinality as u (cell, place) order by place`,
      [columnArray(type, rowsOf(cells), 'cell')],
    );
    return rows.map(({ text }) => text);
  }

  // PostgreSQL has no text with a NUL, and no half of a surrogate pair: neither can stand in an event of the log.
  const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'));
  const instant = fc
    .date({
      min: new Date('0001-01-01T00:00:00.000Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    })
    .map((date) => date.toISOString());

  it.each<[ColumnType, fc.Arbitrary<Cell>]>([
    ['text', text],
    ['json', fc.json()],
    ['integer', fc.integer()],
    ['bigint', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)],
    ['boolean', fc.boolean()],
  ])('arrives as it was: %s', async (type, cell) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(cell)), async (cells) => {
        expect(await received(type, cells)).toEqual(
          cells.map((each) => (each === null ? null : String(each))),
        );
      }),
      propertyParameters({ numRuns: 50 }),
    );
  });

  it('arrives to the millisecond: timestamptz', async () => {
    await client.query(`set timezone = 'UTC'`);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(instant), { minLength: 1 }), async (cells) => {
        const { rows } = await client.query<{ same: boolean }>(
          `select bool_and(sent is not distinct from said::timestamptz) as same
           from unnest($1::timestamptz[], $2::text[]) as u (sent, said)`,
          [columnArray('timestamptz', rowsOf(cells), 'cell'), columnArray('text', rowsOf(cells), 'cell')],
        );
        expect(rows).toEqual([{ same: true }]);
      }),
      propertyParameters({ numRuns: 50 }),
    );
  });

  it.each<[ColumnType, Cell]>([
    ['timestamptz', 'yesterday'],
    ['bigint', 'a place in another log'],
    ['integer', 2 ** 31],
    ['integer', Number.NaN],
  ])('is refused where a cell is none: %s %p', (type, cell) => {
    expect(() => columnArray(type, rowsOf([cell]), 'cell')).toThrow();
  });
});
