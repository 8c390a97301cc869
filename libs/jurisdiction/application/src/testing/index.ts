import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jurisdictionFromFile } from '../jurisdiction-from-file.js';
import type { PublishedJurisdiction } from '../published-jurisdiction.js';

/** 临东市 as text, from the repository the tests run in (Jest and npm start there). */
export function lindongYaml(): string {
  return readFileSync(join(process.cwd(), 'samples', 'lindong.yaml'), 'utf8');
}

/** 临东市 as a directory, without a log: for specs of rooms that only ask the jurisdiction. */
export function lindongJurisdiction(): PublishedJurisdiction {
  return jurisdictionFromFile(lindongYaml());
}
