// npm run -s sbom > sbom.json
//
// What goes into a running server, as CycloneDX: every production package with its version, hash and licence. From the
// lock file alone, so that it needs no network and tells what is agreed, not what lies in some node_modules.
import { npm } from './npm.mjs';

const { status, stdout, stderr } = npm([
  'sbom',
  '--sbom-format=cyclonedx',
  '--omit=dev',
  '--package-lock-only',
]);
if (status === 0) {
  process.stdout.write(stdout);
} else {
  process.stderr.write(
    `${stderr}\nno bill of materials (it takes npm 10 or newer, and a lock file that fits the package.json files)\n`,
  );
  process.exitCode = 1;
}
