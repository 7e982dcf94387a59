// Serves dist/playground/ on localhost and prints the address; `--port N` or PORT chooses the port. Any static host
// does as well.
import { fileURLToPath } from 'node:url';
import { serve } from './serve.js';

const at = process.argv.indexOf('--port');
const port = Number((at > 0 ? process.argv[at + 1] : process.env.PORT) ?? 4173);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error('the port is a whole number from 0 (any free one) to 65535');
  process.exit(2);
}
try {
  const { address } = await serve(fileURLToPath(new URL('../dist/playground/', import.meta.url)), port);
  console.log(`The playground is at ${address} (Ctrl+C ends it)`);
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  console.error(code === 'EADDRINUSE' ? `port ${port} is in use: choose another with --port N` : message);
  process.exit(1);
}
