// The Docker plugin: an IPAM driver whose tasks keep their addresses.

export { DEFAULT_WAITS, DEFAULTS, type PluginOptions, parsePools } from './options.js';
export { startPlugin } from './plugin.js';
