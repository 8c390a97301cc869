import { execFileSync } from 'node:child_process';
import { serverAppendBytesMax } from './log-server.double.js';

const image = 'kurrentplatform/kurrentdb:25.1.3';

export type RealServer =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'container' }
  | { readonly kind: 'none'; readonly reason: string };

/**
 * Where a real server may be had: `EVENTSTORE_URL` names one for tests (its MaxAppendSize must be
 * {@link serverAppendBytesMax}, and it keeps what the tests write), or Docker has the image or can pull it.
 */
export function findRealServer(): RealServer {
  const url = process.env['EVENTSTORE_URL'];
  if (url) return { kind: 'url', url };
  if (!ask(socketProbe)) return { kind: 'none', reason: 'no EVENTSTORE_URL and no Docker' };
  // Docker without a way to its registry is no reason to fail.
  if (ask(['docker', ['image', 'inspect', image]]) || ask(['docker', ['pull', '--quiet', image]])) {
    return { kind: 'container' };
  }
  return { kind: 'none', reason: `Docker has no image ${image} and cannot pull it` };
}

const pullMsMax = 180_000;

/** Asked of a process of its own: the titles of tests must be known before anything asynchronous can run. */
function ask([program, args]: readonly [string, readonly string[]]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: pullMsMax });
    return true;
  } catch {
    return false;
  }
}

const dockerHost = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
const socketProbe = [
  process.execPath,
  [
    '-e',
    `const url = new URL(${JSON.stringify(dockerHost)});
     const to = url.protocol === 'unix:' ? { path: url.pathname } : { host: url.hostname, port: url.port || 2375 };
     require('node:net').connect(to).on('connect', () => process.exit(0)).on('error', () => process.exit(1));
     setTimeout(() => process.exit(1), 3000);`,
  ],
] as const;

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
