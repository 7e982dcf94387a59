// A process that opens the folder it is given, commits once, says so, and stays.

import { FileStore } from '../../src/entries/file-store.js';
import { PlainState, specOf } from './plain-state.js';

const store = new FileStore(process.argv[2] as string);
await store.open(new PlainState());
const spec = specOf('10.0.0.0/24');
await store.commit(spec, [{ op: 'create', spec }]);
console.log('open');
setInterval(() => {}, 1000);
