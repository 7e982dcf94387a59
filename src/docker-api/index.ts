// The little of Docker's API that the plugin and the admin commands ask, typed.

export { type DockerApi, type DockerApiOptions, DockerodeApi } from './docker-api.js';
export { identityOf, identityOfName, identityOfTask } from './identity.js';
export type * from './types.js';
