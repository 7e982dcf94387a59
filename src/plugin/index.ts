// The Docker plugin: an IPAM driver whose tasks keep their addresses.

export {
  DEFAULT_WAITS,
  DEFAULTS,
  LOG_LEVELS,
  type LogLevel,
  type PluginOptions,
  parsePools,
  type Waits,
} from './options.js';
export { type RunningPlugin, startPlugin } from './plugin.js';
