// URLs as they may be shown: in a log, an error, an answer. A password in one can have any character, also those that
// end a host's name, so that nothing which reads the URL properly finds all of it.

/** The URL without whatever may be a user or a password: all up to its last @, and settings that are called so. */
export function withoutSecrets(url: string): string {
  return url
    .replace(/^([a-z][a-z0-9+.-]*:)?(\/\/)?[\s\S]*@/i, (_, scheme = '', slashes = '') => `${scheme}${slashes}…@`)
    .replace(/([?&][^=&#]*(?:pass|pwd|secret|token|user|cred)[^=&#]*=)[^&#]*/gi, '$1…');
}
