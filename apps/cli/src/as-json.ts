import { Option } from 'commander';

export interface Json {
  readonly json: boolean;
}

export const asJson = (): Option =>
  new Option('--json', 'print the result as JSON on standard output').default(false);
