// npm run audit
//
// Known faults of the production packages, high and critical, as the registry tells them. Exit codes: 0 none; 1 some; 2 the
// registry was not asked: not every network lets its audit endpoint through, and "not asked" is not "clean".
import { npm } from './npm.mjs';

const SEVERE = ['high', 'critical'];

/** The answer of `npm audit --json`; null where there was none. */
function reportOf(output) {
  try {
    const report = JSON.parse(output);
    return report.auditReportVersion === undefined ? null : report;
  } catch {
    return null;
  }
}

const { stdout, stderr } = npm(['audit', '--omit=dev', '--audit-level=high', '--json']);
const report = reportOf(stdout);
if (report === null) {
  process.stderr.write(
    `${stderr.trim() || stdout.trim()}\n\nNOT AUDITED: the registry's audit endpoint did not answer. This says nothing about the packages; ` +
      'ask again from a network that reaches it.\n',
  );
  process.exitCode = 2;
} else {
  const faulty = Object.values(report.vulnerabilities).filter(({ severity }) => SEVERE.includes(severity));
  for (const { name, severity, range } of faulty)
    process.stdout.write(`${severity.padEnd(9)} ${name} ${range}\n`);
  process.stdout.write(
    faulty.length === 0
      ? `clean: no fault of high or critical severity is known in ${report.metadata.dependencies.prod} packages\n`
      : `${faulty.length} packages with known faults of high or critical severity\n`,
  );
  process.exitCode = faulty.length === 0 ? 0 : 1;
}
