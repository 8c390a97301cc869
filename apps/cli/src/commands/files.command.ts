import { EvidenceFiles, isSha256, openFileStore } from '@shaoying/files';
import { START, type EventStore } from '@shaoying/event-store';
import { incidentEventTypes, incidentSchemas } from '@shaoying/incident-contracts';
import { MasterKeyFolder, PostgresPersonalDataVault } from '@shaoying/personal-data';
import { CommandFailed, UsageError } from '../cli.errors.js';
import { secondsOf } from '../durations.js';
import { show, type Terminal } from '../terminal.js';
import type { Workplace } from '../workplace.js';

export interface SweepOptions {
  /** As `30d`; a day at least: devices that were offline name their photos later than they send them. */
  readonly olderThan: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

const namingTypes = incidentEventTypes.filter((type) => 'evidence' in incidentSchemas[type].properties);

/** `files sweep`: removes files that no event names, and that nobody has sent again for so long. */
export async function sweepFiles(
  { olderThan, dryRun, json }: SweepOptions,
  terminal: Terminal,
  workplace: Workplace,
): Promise<void> {
  const ageSeconds = secondsOf(olderThan, '--older-than');
  if (ageSeconds < 86_400) throw new UsageError('--older-than must be a day at least');
  await withFiles(workplace, async (files) => {
    const before = new Date(workplace.clock.now().getTime() - ageSeconds * 1_000);
    const unnamed = new Set<string>();
    for await (const sha256 of files.storedBefore(before)) unnamed.add(sha256);
    const old = unnamed.size;
    if (old > 0) await leaveUnnamed(unnamed, workplace.stores.log);
    if (!dryRun) for (const sha256 of unnamed) await files.remove(sha256);
    const result = { old, unnamed: unnamed.size, removed: dryRun ? 0 : unnamed.size };
    show(terminal, json, result, () => [
      `${old} files older than ${olderThan}, ${unnamed.size} of them named by no event; removed ${result.removed}`,
    ]);
  });
}

/** `files remove`: one file, named or not: by order of whoever may decide that. Its hash stays in the log. */
export async function removeFile(
  sha256: string,
  json: boolean,
  terminal: Terminal,
  workplace: Workplace,
): Promise<void> {
  if (!isSha256(sha256)) throw new UsageError('a file is named by its SHA-256 in 64 lower-case hex digits');
  await withFiles(workplace, async (files) => {
    if (!(await files.remove(sha256))) throw new CommandFailed('there is no such file');
    show(terminal, json, { sha256, removed: true }, () => [`removed ${sha256}`]);
  });
}

/** Works on the files that the settings name. @throws FilesUrlRefused, and what the work throws */
export async function withFiles<Result>(
  workplace: Workplace,
  work: (files: EvidenceFiles) => Promise<Result>,
): Promise<Result> {
  const { config, stores, clock } = workplace;
  const store = await openFileStore(config);
  try {
    const vault = await PostgresPersonalDataVault.open(
      stores.pool,
      await MasterKeyFolder.open(config.dataDir),
    );
    return await work(new EvidenceFiles(store, vault, clock));
  } finally {
    await store.close();
  }
}

/**
 * Takes away what some event names, reading the whole log once.
 * @throws CommandFailed when the log is empty: then it is not the log of these files
 */
async function leaveUnnamed(files: Set<string>, log: EventStore): Promise<void> {
  if ((await log.head()) === START) {
    throw new CommandFailed('the log is empty: it is not the log that these files belong to');
  }
  let after = START;
  for (;;) {
    const events = await log.readAll(after, { types: namingTypes, limit: 1_000 });
    for (const { data, position } of events) {
      const { evidence } = data as { evidence?: string | readonly string[] };
      for (const sha256 of [evidence ?? []].flat()) files.delete(sha256);
      after = position;
    }
    if (events.length === 0) return;
  }
}
