// Node's own spec reporter, without the tests that were left out by name: Node 20 tells each of them as skipped.
import { Readable } from 'node:stream';
import { spec } from 'node:test/reporters';

interface TestEvent {
  readonly type: string;
  readonly data: { readonly name?: string; readonly skip?: unknown; readonly details?: { readonly type?: string } };
}

export default async function* reporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  yield* Readable.from(chosen(source)).pipe(new spec());
}

/** A start is held back until something under it is worth telling; without that, its end is not told either. */
async function* chosen(source: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
  const held: TestEvent[] = [];
  for await (const event of source) {
    if (event.type === 'test:start') held.push(event);
    else if (isLeftOut(event, held)) held.pop();
    else {
      if (event.type === 'test:pass' || event.type === 'test:fail') yield* held.splice(0);
      yield event;
    }
  }
}

function isLeftOut({ type, data }: TestEvent, held: readonly TestEvent[]): boolean {
  if (type !== 'test:pass' || held.at(-1)?.data.name !== data.name) return false;
  // A suite whose start is still held back when it ends had nothing to tell.
  return data.skip === 'test name does not match pattern' || data.details?.type === 'suite';
}
