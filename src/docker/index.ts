// What Docker says, typed, and what it means: each rule about Docker stands in one file of this folder.

export type { DockerApi } from './api.js';
export { Docker } from './docker.js';
export type * from './shapes.js';
