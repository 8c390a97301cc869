import type { WriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { UsageError } from '../cli.errors.js';
import { rejectionReasons, type Rejection } from './rejections.js';

/** Lists the rows that stayed out, as CSV or JSON by the name of its file. Put in place whole, at the end. */
export class RejectionReport {
  private entries = 0;

  private constructor(
    private readonly path: string,
    private readonly partial: string,
    private readonly stream: WriteStream,
    private readonly json: boolean,
  ) {
    // Told by finish(); without a listener it would end the process in the middle of an import.
    stream.on('error', () => undefined);
    stream.write(json ? '[' : 'line,column,code,externalId,reason\n');
  }

  /** Before the import and not at its end: nobody should wait an hour to hear of a missing folder. @throws UsageError */
  static async open(path: string): Promise<RejectionReport> {
    const partial = `${path}.${process.pid}.part`;
    try {
      // Names of columns and ids of cases are not for every user of the machine.
      const file = await open(partial, 'w', 0o600);
      return new RejectionReport(path, partial, file.createWriteStream(), /\.json$/i.test(path));
    } catch (error) {
      throw new UsageError(`the report ${path} cannot be written: ${String(error)}`);
    }
  }

  add(rejection: Rejection): void {
    const { line, column, code, externalId } = rejection;
    const reason = rejectionReasons[code];
    if (this.json) {
      const entry = JSON.stringify({ line, column, code, externalId, reason });
      this.stream.write(`${this.entries === 0 ? '\n' : ',\n'}${entry}`);
    } else {
      this.stream.write(
        `${[String(line), column ?? '', code, externalId ?? '', reason].map(cell).join(',')}\n`,
      );
    }
    this.entries += 1;
  }

  /** @throws what the file system says */
  async finish(): Promise<void> {
    this.stream.end(this.json ? '\n]\n' : '');
    await finished(this.stream);
    await rename(this.partial, this.path);
  }

  async discard(): Promise<void> {
    this.stream.destroy();
    await rm(this.partial, { force: true });
  }
}

/** Quoted where needed; a leading = + - @ is disarmed, since the file is made to be opened in a spreadsheet. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
