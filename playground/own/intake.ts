// The ways in: dropping files anywhere on the page, choosing them, pasting their text. It only hands bytes on.

import { button, copyButton, h } from '../dom.js';

export interface Bytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const COMMAND =
  'for list in tasks services networks; do ' +
  'curl -s --unix-socket /var/run/docker.sock http://localhost/$list > $list.json; done';

/** The form; `take` gets all files that came at once. @param sample makes files to try it with */
export function intake(take: (files: Bytes[]) => void, sample: () => Promise<Bytes[]>): HTMLElement {
  const input = h('input', {
    class: 'unseen',
    attrs: { type: 'file', id: 'own-files', multiple: '', accept: '.json,.ndjson,.jsonl,application/json,text/plain' },
  });
  input.addEventListener('change', async () => {
    take(await bytesOf(input.files ?? []));
    input.value = '';
  });
  const text = h('textarea', {
    class: 'mono',
    attrs: { id: 'own-text', rows: 4, spellcheck: 'false', placeholder: '[{"ID":"0ere9g7hghbr…","ServiceID":…}]' },
  });
  const use = h('button', { text: 'Rebuild from this text', attrs: { type: 'button' } });
  use.addEventListener('click', () => take([{ name: 'the pasted text', bytes: new TextEncoder().encode(text.value) }]));
  return h(
    'div',
    { class: 'intake' },
    h(
      'div',
      { class: 'dropzone' },
      h('p', { class: 'dropzone-title', text: 'Drop tasks.json here' }),
      h('p', {
        class: 'small quiet',
        text: 'and services.json for the names, networks.json if you like; all at once or one by one',
      }),
      input,
      h('label', { class: 'like-button', text: 'Choose files …', attrs: { for: 'own-files' } }),
      button('Try it with a sample swarm', '', async () => take(await sample())),
    ),
    h(
      'div',
      { class: 'paste' },
      h('label', { text: 'Or paste the answer of GET /tasks (or /services)', attrs: { for: 'own-text' } }),
      text,
      use,
    ),
    h(
      'p',
      { class: 'small quiet intake-how' },
      'On a manager of your swarm: ',
      h('code', { text: COMMAND }),
      ' ',
      copyButton('Copy the command', () => COMMAND),
    ),
  );
}

/** Files dropped anywhere on the page. */
export function listenForDrops(take: (files: Bytes[]) => void): void {
  const isFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;
  addEventListener('dragover', (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    document.body.classList.add('is-dragging');
  });
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) document.body.classList.remove('is-dragging');
  });
  addEventListener('drop', async (event) => {
    document.body.classList.remove('is-dragging');
    if (!isFiles(event)) return;
    event.preventDefault();
    take(await bytesOf(event.dataTransfer?.files ?? []));
  });
}

function bytesOf(files: Iterable<File>): Promise<Bytes[]> {
  return Promise.all(
    Array.from(files, async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
  );
}
