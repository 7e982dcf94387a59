// How a journal is opened, so that what is written to it is on the disk when the write is done.

import { constants } from 'node:fs';
import { NO_LINK } from '../private-folder.js';

/**
 * On Linux a write with O_DSYNC is the write and its fdatasync in one call, so that a caller waits for one turn of the
 * thread pool instead of two: 50 µs of 350. Elsewhere it may stop short of the disk's own cache (macOS), or not exist.
 */
export const DSYNC = process.platform === 'linux' ? constants.O_DSYNC : 0;
export const JOURNAL_FLAGS = constants.O_RDWR | NO_LINK | DSYNC;
