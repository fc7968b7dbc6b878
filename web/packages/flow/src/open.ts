export { arrive, peek, type Visit, type World } from './visit.ts';
export { claim, recover, StorageRefused, type Passphrase, type Shown } from './claim.ts';
export { acknowledge, keepOpen } from './acknowledge.ts';
