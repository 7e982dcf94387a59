// Packages that do not bundle as they are: etcd3 reads a file of its own when it is loaded, and dockerode brings a
// way to reach Docker by ssh, with native addons, and one to build images, neither of which Limpet uses.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { Plugin } from 'esbuild';

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

/** Modules that are never called here, as modules that say so if they are. */
export function withoutSsh(): Plugin {
  const unused = /^(\.\/ssh|\.\/session)$/;
  return {
    name: 'without-ssh',
    setup(build) {
      build.onResolve({ filter: unused }, ({ path, importer }) =>
        /\/(docker-modem|dockerode)\//.test(importer) ? { path, namespace: 'unused' } : undefined,
      );
      build.onLoad({ filter: unused, namespace: 'unused' }, ({ path }) => ({
        contents: `module.exports = () => { throw new Error('${path} is left out of this bundle'); };`,
      }));
    },
  };
}

/**
 * Of ip-num the judgement of prefix lengths alone, which is all that is used here: the rest, which each of its modules
 * would bring along, is three quarters of it. A mask of a prefix cannot be made then.
 */
export function prefixesOnly(): Plugin {
  const loads: Readonly<Record<string, string>> = { index: "module.exports = require('./Prefix');", IPNumber: '' };
  return {
    name: 'prefixes-only',
    setup(build) {
      build.onLoad({ filter: /\/ip-num\/dist\/src\/(index|IPNumber)\.js$/ }, ({ path }) => {
        return { contents: loads[basename(path, '.js')] as string, loader: 'js' };
      });
    },
  };
}
