import { InMemoryPersonalDataVault, personalDataVaultContract } from './testing/index.js';

personalDataVaultContract('in memory', () => Promise.resolve(new InMemoryPersonalDataVault()));
