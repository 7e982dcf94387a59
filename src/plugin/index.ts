// The Docker plugin: an IPAM driver whose tasks keep their addresses.

export { DEFAULTS, type PluginOptions, parsePools } from './options.js';
export { startPlugin } from './plugin.js';
