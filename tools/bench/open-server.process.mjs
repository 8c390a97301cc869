// The API without a door: the same modules on the same log, but nobody is asked who they are and nothing is counted; and, where
// a message `{ encrypts: false }` says so, reporters go into the log as they came. Only to measure what that costs. It is a program
// of its own, and no setting of the server leads here.
//   node tools/bench/open-server.process.mjs '<principal as JSON>', with the environment of the server it stands beside
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { loadConfig, systemClock, uuidV7 } from '@shaoying/config';
import { createHttpApplication } from '@shaoying/http';
import { createLogger } from '@shaoying/telemetry';
import { AppModule } from '../../apps/server/dist/app.module.js';
import { Platform } from '../../apps/server/dist/platform.js';

const principal = Object.freeze(JSON.parse(process.argv[2]));
const config = { ...loadConfig(process.env), roles: ['api'], processes: 1, host: '127.0.0.1', port: 0 };
const logger = createLogger({ level: 'error', role: 'bench' });
const platform = await Platform.open(config, logger, () => process.exit(1));

let encrypts = true;
const sealed = platform.vault.sealNew.bind(platform.vault);
/** What an event has in place of a seal: of the same form, without a key, a cipher and a tag. */
const asItCame = async (data) => ({
  ...{ subjectId: uuidV7(systemClock), keyId: randomUUID() },
  ciphertext: Buffer.from(JSON.stringify(data)).toString('base64'),
});
platform.vault.sealNew = (data) => (encrypts ? sealed(data) : asItCame(data));
process.on('message', (message) => {
  ({ encrypts } = message);
  process.send({ encrypts });
});

const asWhoeverWeSay = {
  canActivate: (context) => {
    context.switchToHttp().getRequest().principal = principal;
    return true;
  },
};
const app = await createHttpApplication(await AppModule.of(platform, null), {
  ...{ logger, metrics: platform.metrics.http, guards: [asWhoeverWeSay] },
});
await app.listen(config.port, config.host);
const end = async () => {
  await app.close();
  await platform.close();
  process.exit(0);
};
process.once('SIGTERM', end);
// Whoever measures is gone.
process.once('disconnect', end);
// The words that the launcher waits for.
process.stdout.write(`listening on ${await app.getUrl()} until SIGTERM, and not Ctrl-C, stops it\n`);
