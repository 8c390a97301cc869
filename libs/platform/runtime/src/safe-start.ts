import { ConfigError, EMBEDDED, keyFilesOpenToOthers, type Config } from '@shaoying/config';
import { lossySettings } from '@shaoying/postgres';

/**
 * What a look at the machine and its databases shows to be unsafe, in production; `loadConfig` has judged the settings
 * themselves. All of it at once, each with a sentence.
 * @throws ConfigError
 */
export async function refuseUnsafeStart(config: Config): Promise<void> {
  if (!config.production) return;
  const [files, ...databases] = await Promise.all([openFiles(config), ...databaseProblems(config)]);
  const problems = [...files, ...new Set(databases.flat())];
  if (problems.length > 0) throw new ConfigError(problems);
}

async function openFiles({ dataDir }: Config): Promise<string[]> {
  const paths = await keyFilesOpenToOthers(dataDir);
  return paths.map(
    (path) =>
      `${path} can be read or changed by other accounts of this machine: chmod 600 and, if it was, renew it.`,
  );
}

/** The embedded PostgreSQL is started with settings that lose nothing. */
function databaseProblems({ eventStoreUrl, readModelUrl }: Config): Promise<string[]>[] {
  const named = [
    { name: 'EVENT_STORE_URL', url: eventStoreUrl },
    { name: 'READ_MODEL_URL', url: readModelUrl },
  ];
  return named
    .filter(({ url }) => url !== EMBEDDED && /^postgres(ql)?:/.test(url))
    .map(async ({ name, url }) => {
      // One that cannot be reached is told by whoever opens it, with the reason.
      const lossy = await lossySettings(url).catch(() => []);
      return lossy.map((sentence) => `${name}: ${sentence}`);
    });
}
