import { execFileSync } from 'node:child_process';
import { serverAppendBytesMax } from './log-server.double.js';

const image = 'kurrentplatform/kurrentdb:25.1.3';

export type RealServer =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'container' }
  | { readonly kind: 'none'; readonly reason: string };

/**
 * Where a real server may be had: `EVENTSTORE_URL` names one for tests (its MaxAppendSize must be
 * {@link serverAppendBytesMax}, and it keeps what the tests write), or Docker answers.
 */
export function findRealServer(): RealServer {
  const url = process.env['EVENTSTORE_URL'];
  if (url) return { kind: 'url', url };
  return dockerAnswers()
    ? { kind: 'container' }
    : { kind: 'none', reason: 'no EVENTSTORE_URL and no Docker' };
}

/** Asked of a process of its own: the titles of tests must be known before anything asynchronous can run. */
function dockerAnswers(): boolean {
  const host = process.env['DOCKER_HOST'];
  const ask = `
    const host = ${JSON.stringify(host ?? 'unix:///var/run/docker.sock')};
    const url = new URL(host);
    const to = url.protocol === 'unix:' ? { path: url.pathname } : { host: url.hostname, port: url.port || 2375 };
    require('node:net').connect(to).on('connect', () => process.exit(0)).on('error', () => process.exit(1));
    setTimeout(() => process.exit(1), 3000);`;
  try {
    execFileSync(process.execPath, ['-e', ask], { stdio: 'ignore', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

/** A server of its own, empty, configured as ours are. */
export async function startContainer(): Promise<{ url: string; stop: () => Promise<void> }> {
  // Loaded where it is needed: testcontainers takes longer to load than most specs to run.
  const { KurrentDbContainer } = await import('@testcontainers/kurrentdb');
  const container = await new KurrentDbContainer(image)
    .withEnvironment({ KURRENTDB_MAX_APPEND_SIZE: String(serverAppendBytesMax) })
    .start();
  return {
    url: container.getConnectionString(),
    stop: async () => {
      await container.stop();
    },
  };
}
