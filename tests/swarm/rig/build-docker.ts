// Builds Docker 29 where it is missing, before a run of e2e needs it.
import { useDocker } from './docker-version.js';

await useDocker('29', console.log);
