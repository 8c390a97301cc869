import helmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import fastify, { type FastifyInstance } from 'fastify';
import { hash } from 'node:crypto';

type Headers = readonly (readonly [name: string, value: string])[];

const DAY_SECONDS = 86_400;
const DOCUMENTATION = /^\/docs(?:[/?]|$)/;

/** Answers of the API are data: no browser is to run, frame, guess at or keep any of it. */
const API: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  referrerPolicy: { policy: 'no-referrer' },
  // Not for subdomains: they are not ours to speak for.
  strictTransportSecurity: { maxAge: 365 * DAY_SECONDS, includeSubDomains: false },
  xFrameOptions: { action: 'deny' },
  // For browsers and plug-ins that are long gone.
  ...{ xDnsPrefetchControl: false, xDownloadOptions: false, xPermittedCrossDomainPolicies: false },
};

/**
 * Sends the headers that helmet gives, on every answer, and `Cache-Control: no-store` where a route does not say
 * otherwise: incidents, receipts and problems are nobody's to keep. The headers are the same for every answer, and helmet
 * makes them anew for each, which takes a tenth of a no-op: so it is asked once.
 */
export async function sendSecurityHeaders(app: FastifyInstance): Promise<void> {
  const headers: Headers = [...(await headersOf(API)), ['cache-control', 'no-store']];
  app.addHook('onRequest', (_request, { raw }, done) => {
    for (const [name, value] of headers) raw.setHeader(name, value);
    done();
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    if (DOCUMENTATION.test(request.url)) {
      const page = typeof payload === 'string' ? payload : '';
      void reply.header('content-security-policy', documentationPolicy(page));
    }
    done();
  });
}

async function headersOf(options: FastifyHelmetOptions): Promise<Headers> {
  const probe = fastify();
  await probe.register(helmet, options);
  probe.get('/', (_request, reply) => reply.send());
  const { headers } = await probe.inject('/');
  await probe.close();
  const own = ['content-length', 'date', 'connection'];
  return Object.entries(headers).flatMap(([name, value]) =>
    own.includes(name) ? [] : [[name, String(value)]],
  );
}

/** The page's own scripts, styles and calls; of what is written into it only the styles that are there now, by their hashes. */
function documentationPolicy(page: string): string {
  const styles = [...page.matchAll(/<style>([^]*?)<\/style>| style="([^"]*)"/g)];
  const hashes = styles.map(([, block, attribute]) => {
    return `'sha256-${hash('sha256', block ?? attribute ?? '', 'base64')}'`;
  });
  return [
    "default-src 'none'",
    "script-src 'self'",
    // A hash stands for a style block, and with 'unsafe-hashes' for a style attribute too.
    `style-src ${["'self'", "'unsafe-hashes'", ...hashes].join(' ')}`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
