// `limpet/file-store`: for Node only, since it needs files.

export { FileStore, type FileStoreOptions } from '../stores/file/file-store.js';
