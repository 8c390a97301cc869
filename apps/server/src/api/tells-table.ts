import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiOperation, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { NEXT_CURSOR_HEADER, type CsvColumns } from '@shaoying/http';

interface ToldTable {
  /** Shape of the answer as JSON, where it has one of its own. */
  readonly type?: new () => unknown;
  /** Instead of `type`, where the shape is no class. */
  readonly schema?: Readonly<Record<string, unknown>>;
  readonly columns: CsvColumns<never>;
  /** What its rows are, where that is not plain. */
  readonly rows?: string;
  /** As CSV a page too, whose header says where the next one starts. */
  readonly isPage?: boolean;
}

/** One line for the list of calls, and the good answer in both forms: as JSON, and as CSV with the names of its columns. */
export function TellsTable(
  summary: string,
  { type, schema = {}, columns, rows, isPage = false }: ToldTable,
): MethodDecorator {
  const description = [
    'RFC 4180, UTF-8; what is null is empty, and no cell is a formula.',
    ...(rows === undefined ? [] : [rows]),
    `Columns: ${Object.keys(columns).join(', ')}`,
  ].join(' ');
  const json = type === undefined ? schema : { $ref: getSchemaPath(type) };
  return applyDecorators(
    ApiOperation({ summary }),
    ...(type === undefined ? [] : [ApiExtraModels(type)]),
    ApiResponse({
      status: 200,
      content: {
        'application/json': { schema: json },
        'text/csv': { schema: { type: 'string', description } },
      },
      ...(isPage && {
        headers: {
          [NEXT_CURSOR_HEADER]: {
            ...{ schema: { type: 'string' }, description: 'As CSV: nextCursor; absent on the last page' },
          },
        },
      }),
    }),
  );
}
