// The little of Docker's API that the plugin and the admin commands ask, typed.

export { type DockerApi, type DockerApiOptions, DockerodeApi } from './client.js';
export { identityOf, identityOfName, identityOfTask } from './identities.js';
export type * from './shapes.js';
