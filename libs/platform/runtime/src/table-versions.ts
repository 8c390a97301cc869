import { schemaOf, versionMark, type Projection } from '@shaoying/projections';

/** What a reader has to know of a read model that this release asks. */
export type AskedReadModel = Pick<Projection, 'name' | 'version' | 'readableFrom'>;

/** Asks for the marks of all read models that could be of a version before. */
export const marksThere = `
  select n.nspname as schema, t.typname as mark from pg_type t join pg_namespace n on n.oid = t.typnamespace
  where n.nspname = any($1::text[]) and t.typtype = 'd' and t.typname like 'version\\_%'`;

/** Texts are made of parts, and few: one that is made up anew each time stops being kept here. */
const keptTextsMax = 2_000;

interface Asked {
  /** By which its tables serve, as far as is known. */
  version: number;
  readonly newest: number;
  readonly oldest: number;
}

/**
 * Has PostgreSQL refuse a question about tables of a version that it was not written for, with the code 42704, as it reads the statement: each
 * names the marks of the read models that it asks (see `version-mark.ts`) in a part of it that is never carried out.
 */
export class TableVersions {
  private readonly asked: ReadonlyMap<string, Asked>;
  private readonly names: RegExp | null;
  private texts = new Map<string, string>();
  private changes = 0;

  constructor(readModels: readonly AskedReadModel[]) {
    this.asked = new Map(
      readModels.map(({ name, version, readableFrom = version }) => [
        schemaOf(name),
        { version, newest: version, oldest: readableFrom },
      ]),
    );
    const schemas = [...this.asked.keys()];
    this.names = schemas.length === 0 ? null : new RegExp(`\\b(${schemas.join('|')})\\.\\w`, 'g');
  }

  /** The same question, to be refused where it was not written for the tables. @throws Error for what cannot be made to name them */
  guarded(text: string): string {
    const known = this.texts.get(text);
    if (known !== undefined) return known;
    const guarded = this.guard(text);
    if (this.texts.size < keptTextsMax) this.texts.set(text, guarded);
    return guarded;
  }

  /** Read models that may serve by tables of a version before; nobody need ask for the others. */
  get lenient(): readonly string[] {
    return [...this.asked].filter(([, { oldest, newest }]) => oldest < newest).map(([schema]) => schema);
  }

  /** How often other tables were asked from then on: what was {@link guarded} before is another text since. */
  get learnt(): number {
    return this.changes;
  }

  /** Takes note of the marks that there are. @returns whether other tables are asked from now on */
  learn(marks: readonly { readonly schema: string; readonly mark: string }[]): boolean {
    let hasChanged = false;
    for (const { schema, mark } of marks) {
      const asked = this.asked.get(schema);
      const version = Number(mark.slice(versionMark(0).length - 1));
      if (asked === undefined || !(version >= asked.oldest && version <= asked.newest)) continue;
      hasChanged ||= version !== asked.version;
      asked.version = version;
    }
    if (hasChanged) {
      this.texts = new Map();
      this.changes += 1;
    }
    return hasChanged;
  }

  private guard(text: string): string {
    const schemas = new Set([...text.matchAll(this.names ?? /(?!)/g)].map(([, schema]) => schema as string));
    if (schemas.size === 0) return text;
    const marks = [...schemas].map((schema) => {
      const mark = versionMark(this.asked.get(schema)?.version ?? 0);
      return `"of ${schema}" as (select null::${schema}.${mark})`;
    });
    const [, beginning, rest] = /^\s*(with\s+recursive\b|with\b|(?=select\b|\())(.*)$/is.exec(text) ?? [];
    if (beginning === undefined)
      throw new Error(`a question of read models begins otherwise: ${text.slice(0, 80)}`);
    return beginning === '' ? `with ${marks.join(', ')} ${rest}` : `${beginning} ${marks.join(', ')},${rest}`;
  }
}
