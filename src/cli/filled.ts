// Values of options that have to say something: an empty one is a variable that was not set in somebody's script, and
// not as good as none.

import { Failure } from './failure.js';

/** For commander: the value as it is. @throws Failure naming the option when it is empty */
export function filled(option: string): (text: string) => string {
  return (text) => {
    if (text !== '') return text;
    throw new Failure(`${option} is empty: give it a value, or leave it out`);
  };
}
