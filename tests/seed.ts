// Loaded before every test file: with LIMPET_SEED set, all property tests draw the same cases again, as CI does, so
// that what fails there is the commit's doing. Without it they draw others each time; `npm run soak` does that for as
// long as one likes.
import fc from 'fast-check';

const text = process.env.LIMPET_SEED;
if (text !== undefined) {
  const seed = Number(text);
  if (!/^\d{1,10}$/.test(text) || seed > 0x7fffffff) throw new Error(`LIMPET_SEED=${text}: a seed is 0 to 2147483647`);
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
}
