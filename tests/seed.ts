// Loaded before every test file: with LIMPET_SEED set, all property tests draw the same cases again, as CI does, so
// that what fails there is the commit's doing. Without it they draw others each time; `npm run soak` does that for as
// long as one likes.
import fc from 'fast-check';

const text = process.env.LIMPET_SEED;
if (text !== undefined) {
  const seed = Number(text);
  // Any that fast-check draws and prints by itself.
  if (!/^-?\d{1,10}$/.test(text) || seed !== (seed | 0))
    throw new Error(`LIMPET_SEED=${text}: a seed is a number of 32 bits`);
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
}
