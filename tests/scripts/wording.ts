// Turns of phrase that have to be read twice, and what is usually said instead. Code, and what stands in quotes, such
// as the names of tests, are not looked at.
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/\bbut for\b/i, 'except'],
  [/\bbeside\b/i, 'next to, alongside'],
  [/\banew\b/i, 'again'],
  [/\bwhoever\b/i, 'anyone who, the one that'],
  [/\b(is|are|was|were) told\b(?! apart)/i, 'is reported, gets'],
  [/\bmend(s|ed|ing)?\b/i, 'fix'],
  [/\bso long\b/i, 'how long, as long as'],
  [/\bsomebody else's\b/i, "another identity's"],
  [/\bnobody's\b/i, 'belongs to none'],
  [/\bis no (valid|CIDR|duration|address|number)\b/i, 'is not a valid …'],
];

/** What of it is in a text, each with its line. */
export function phrasesIn(text: string): string[] {
  const blank = (found: string) => found.replace(/[^\n]/g, ' ');
  const plain = text
    .replace(/```.*?```/gs, blank)
    .replace(/`[^`\n]*`/g, blank)
    .replace(/"[^"\n]*"/g, blank);
  return plain.split('\n').flatMap((line, n) =>
    PHRASES.flatMap(([phrase, better]) => {
      const [found] = phrase.exec(line) ?? [];
      return found === undefined ? [] : [`line ${n + 1}: "${found}"; say: ${better}`];
    }),
  );
}
