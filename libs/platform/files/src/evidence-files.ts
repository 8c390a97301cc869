import type { Clock } from '@shaoying/config';
import { FORGOTTEN, type PersonalDataVault } from '@shaoying/personal-data';
import { hash, randomUUID } from 'node:crypto';
import type { CapturePlace } from './capture-facts.js';
import { decodeRecord, encodeRecord, type FileRecord, type Uploader } from './file-record.js';
import { isSha256, keyParts, type FileStore } from './file-store.js';
import { FileDamaged, FileRefused } from './files.errors.js';
import { cleanPhoto, type PhotoCleaner, type PhotoType } from './photo.js';

/** What seals the place of a photo. */
export type PlaceVault = Pick<PersonalDataVault, 'seal' | 'unseal' | 'forget'>;

export interface Added {
  readonly record: FileRecord;
  /** False when these bytes were there already. */
  readonly isNew: boolean;
}

const recordOf = (sha256: string): string => `${sha256}/record.json`;
const contentOf = ({ sha256, content }: Pick<FileRecord, 'sha256' | 'content'>): string =>
  `${sha256}/content-${content.sha256}`;
const MARK = /\/from-[0-9a-f]{64}$/;

/** One mark for each report and each unit that has the file; for each person where there is neither. */
const markOf = (sha256: string, uploader: Uploader): string =>
  `${sha256}/from-${hash('sha256', inWhoseName(uploader), 'hex')}`;

function inWhoseName(uploader: Uploader): string {
  if ('reportOf' in uploader) return `report ${uploader.reportOf}`;
  const { id, orgUnitId } = uploader;
  return orgUnitId === null ? `person ${id}` : `unit ${orgUnitId}`;
}

/**
 * Evidence by the SHA-256 of its original, which the device knew first; what is kept is the cleaned file. Three kinds of
 * objects for each, written in this order: the content, the record that makes it visible, and a mark for who sent it. A
 * process killed in the middle leaves nothing that can be seen, and the same upload again completes it.
 */
export class EvidenceFiles {
  /** Photos are decoded one after the other: one takes up to 200 MB, and a core. */
  private lastCleaning: Promise<unknown> = Promise.resolve();
  /** Reporters' wait for each other first: of theirs, one at the most is before one of somebody who works here. */
  private lastOfReporters: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: FileStore,
    private readonly vault: PlaceVault,
    private readonly clock: Clock,
    private readonly clean: PhotoCleaner = cleanPhoto,
  ) {}

  /**
   * Takes a file; the same bytes again get the same answer. What `beforeNew` throws keeps a new one out.
   * @throws FileRefused, ImagesNotSupported, FileStoreUnavailable, FileDamaged, and what the vault throws
   */
  async add(
    original: Buffer,
    declared: PhotoType,
    uploader: Uploader,
    beforeNew: () => Promise<void> = () => Promise.resolve(),
  ): Promise<Added> {
    const sha256 = hash('sha256', original, 'hex');
    const known = await this.find(sha256);
    if (known !== null && known.content.mediaType !== declared) throw new FileRefused('FILE_TYPE_MISMATCH');
    if (known === null) await beforeNew();
    const record = known ?? (await this.keep(sha256, original, declared, uploader));
    const said = JSON.stringify({ ...uploader, at: this.now() });
    await this.store.put(markOf(sha256, uploader), Buffer.from(said));
    return { record, isNew: known === null };
  }

  /** @throws FileStoreUnavailable, FileDamaged */
  async find(sha256: string): Promise<FileRecord | null> {
    const bytes = await this.store.get(recordOf(sha256));
    return bytes === null ? null : decodeRecord(sha256, bytes);
  }

  /** The cleaned file, byte for byte as it was stored. @throws FileStoreUnavailable, FileDamaged */
  async content(record: FileRecord): Promise<Buffer> {
    const bytes = await this.store.get(contentOf(record));
    if (bytes === null || hash('sha256', bytes, 'hex') !== record.content.sha256) {
      throw new FileDamaged(record.sha256);
    }
    return bytes;
  }

  /** Whether this person, or anybody of the same unit, has sent the file: knowing its hash is not having it. */
  isFrom(sha256: string, uploader: Uploader): Promise<boolean> {
    return this.store.has(markOf(sha256, uploader));
  }

  /**
   * Takes a file back from these senders; where nobody else has sent it, removes it for ever. Again does nothing.
   * @throws FileStoreUnavailable, and what the vault throws
   */
  async withdraw(sha256: string, senders: readonly Uploader[]): Promise<void> {
    for (const sender of senders) await this.store.remove(markOf(sha256, sender));
    for await (const { key } of this.store.list(sha256)) if (MARK.test(key)) return;
    await this.remove(sha256);
  }

  /** Where the camera says it was; for comparing, never for showing. @throws what the vault throws */
  async placeOf({ place }: FileRecord): Promise<CapturePlace | null> {
    if (place === null) return null;
    const opened = await this.vault.unseal(place);
    return opened === FORGOTTEN ? null : (opened as CapturePlace);
  }

  /** Removes the file for ever, with the key of its place. The hash in the log stays. @returns whether there was one */
  async remove(sha256: string): Promise<boolean> {
    if (!isSha256(sha256)) return false;
    const record = await this.find(sha256).catch((error: unknown) => {
      if (error instanceof FileDamaged) return null;
      throw error;
    });
    if (record?.place) await this.vault.forget(record.place.subjectId);
    // The record first: what cannot be seen can go in any order, and be swept if it does not.
    await this.store.remove(recordOf(sha256));
    let removed = record !== null;
    for await (const { key } of this.store.list(sha256)) {
      await this.store.remove(key);
      removed = true;
    }
    return removed;
  }

  /** SHA-256 of the files of which nothing was stored since, in order. @throws FileStoreUnavailable */
  async *storedBefore(instant: Date): AsyncGenerator<string> {
    let sha256: string | null = null;
    let isOld = true;
    for await (const { key, storedAt } of this.store.list()) {
      const of = keyParts(key).sha256;
      if (of !== sha256) {
        if (sha256 !== null && isOld) yield sha256;
        sha256 = of;
        isOld = true;
      }
      isOld &&= storedAt < instant;
    }
    if (sha256 !== null && isOld) yield sha256;
  }

  private async keep(
    sha256: string,
    original: Buffer,
    declared: PhotoType,
    uploader: Uploader,
  ): Promise<FileRecord> {
    const ofReporter = 'reportOf' in uploader;
    const photo = await (ofReporter
      ? this.cleanedInTurn(original, declared)
      : this.cleaned(original, declared));
    const { mediaType, content, capturedAt } = photo;
    // Where a reporter stood is compared with nothing, and so is not kept, not even sealed.
    const place = ofReporter ? null : photo.place;
    const record: FileRecord = {
      ...{ sha256, capturedAt, storedAt: this.now() },
      content: { sha256: photo.sha256, mediaType, bytes: content.length },
      place: place && (await this.vault.seal(randomUUID(), place)),
    };
    await this.store.put(contentOf(record), content);
    await this.store.put(recordOf(sha256), encodeRecord(record));
    // Whoever was first with these bytes has written the record that counts.
    return (await this.find(sha256)) ?? record;
  }

  private cleaned(original: Buffer, declared: PhotoType): ReturnType<PhotoCleaner> {
    const cleaning = this.lastCleaning.then(() => this.clean(original, declared));
    this.lastCleaning = cleaning.catch(() => undefined);
    return cleaning;
  }

  private cleanedInTurn(original: Buffer, declared: PhotoType): ReturnType<PhotoCleaner> {
    const cleaning = this.lastOfReporters.then(() => this.cleaned(original, declared));
    this.lastOfReporters = cleaning.catch(() => undefined);
    return cleaning;
  }

  private now(): string {
    return this.clock.now().toISOString();
  }
}
