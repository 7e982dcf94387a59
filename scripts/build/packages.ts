// Packages that do not bundle as they are: etcd3 reads a file of its own when it is loaded, and of ip-num a part is
// enough.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { Plugin } from 'esbuild';
import { narrow } from './narrow.js';

/** The definition of etcd's protocol as JSON inside the bundle, instead of a .proto file beside it. */
export function protoInside(): Plugin {
  return {
    name: 'proto-inside',
    setup(build) {
      build.onLoad({ filter: /\/etcd3\/lib\/connection-pool\.js$/ }, async ({ path }) => {
        const require = createRequire(path);
        const protobuf = createRequire(require.resolve('@grpc/proto-loader'))('protobufjs');
        const root = new protobuf.Root().loadSync(join(dirname(path), '../proto/rpc.proto'), { keepCase: true });
        const text = await readFile(path, 'utf8');
        const reading = /\.loadSync\)\(`\$\{__dirname\}\/\.\.\/proto\/rpc\.proto`,/;
        if (!reading.test(text)) throw new Error(`${path} reads its protocol in another way than before`);
        return { contents: text.replace(reading, () => `.fromJSON)(${JSON.stringify(root.toJSON())},`) };
      });
    },
  };
}

/**
 * Of ip-num the judgement of prefix lengths alone, which is all that is used here: as it is, the package would be a
 * quarter of a page's bundle. A mask of a prefix, say, cannot be made then.
 */
export function prefixesOnly(): Plugin {
  const used: Readonly<Record<string, readonly string[]>> = {
    Prefix: ['IPv4Prefix', 'IPv6Prefix'],
    Validator: ['isValidPrefixValue'],
  };
  return {
    name: 'prefixes-only',
    setup(build) {
      build.onLoad({ filter: /\/ip-num\/dist\/src\/index\.js$/ }, () => ({
        contents: "module.exports = require('./Prefix');",
      }));
      build.onLoad({ filter: /\/ip-num\/dist\/src\/(Prefix|Validator)\.js$/ }, async ({ path }) => {
        return { contents: narrow(await readFile(path, 'utf8'), used[basename(path, '.js')] ?? []) };
      });
    },
  };
}
