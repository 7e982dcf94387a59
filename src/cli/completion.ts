// `limpet completion SHELL`: a script that lets the shell complete commands and options, made from the commands
// themselves.

import type { Command } from 'commander';
import { Failure } from './failure.js';
import { print } from './output.js';

const SHELLS = { bash, zsh, fish } as const;

const HELP = `
Examples:
  bash   limpet completion bash > /etc/bash_completion.d/limpet
  zsh    limpet completion zsh > "\${fpath[1]}/_limpet"
  fish   limpet completion fish > ~/.config/fish/completions/limpet.fish`;

/** Adds the command to the program; it completes those that the program has when it is asked. */
export function completionCommand(program: Command): void {
  program
    .command('completion <shell>')
    .description(`print a completion script for ${Object.keys(SHELLS).join(', ')}`)
    .addHelpText('after', HELP)
    .action(async (shell: string) => {
      if (!Object.hasOwn(SHELLS, shell)) {
        throw new Failure(`no completion for the shell "${shell}": ${Object.keys(SHELLS).join(', ')}`);
      }
      await print([SHELLS[shell as keyof typeof SHELLS](entriesOf(program))]);
    });
}

/** A command, by the words that lead to it: `store copy`. */
interface Entry {
  readonly path: readonly string[];
  readonly does: string;
  readonly options: readonly { readonly long: string; readonly does: string; readonly takesValue: boolean }[];
}

function entriesOf(command: Command, path: readonly string[] = []): Entry[] {
  const help = command.createHelp();
  const options = help.visibleOptions(command).flatMap(({ long, description, required, optional }) => {
    return long ? [{ long, does: description, takesValue: required || optional }] : [];
  });
  const own = { path, does: command.description(), options };
  return [own, ...command.commands.flatMap((each) => entriesOf(each, [...path, each.name()]))];
}

/** The words that can follow a command: the commands below it, and its options. */
function wordsAfter({ path, options }: Entry, all: readonly Entry[]): string[] {
  return [...below(path, all).map((each) => each.path.at(-1) as string), ...options.map(({ long }) => long)];
}

function below(path: readonly string[], all: readonly Entry[]): Entry[] {
  return all.filter((each) => each.path.length === path.length + 1 && path.every((word, n) => each.path[n] === word));
}

function bash(all: readonly Entry[]): string {
  const cases = all.map((entry) => `    '${entry.path.join(' ')}') words='${wordsAfter(entry, all).join(' ')}' ;;`);
  return `# bash completion of limpet
_limpet() {
  local current=\${COMP_WORDS[COMP_CWORD]} path='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] || path="\${path:+$path }$word"
  done
  while :; do
    case $path in
${cases.join('\n')}
    esac
    [[ -n $words || -z $path ]] && break
    [[ $path == *' '* ]] && path=\${path% *} || path=''
  done
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ \${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _limpet limpet
`;
}

function zsh(all: readonly Entry[]): string {
  const described = (name: string, does: string) => `'${name}:${does.replaceAll("'", "'\\''")}'`;
  const cases = all.map((entry) => {
    const words = [
      ...below(entry.path, all).map((each) => described(each.path.at(-1) as string, each.does)),
      ...entry.options.map(({ long, does }) => described(long, does)),
    ];
    return `      '${entry.path.join(' ')}') found=(${words.join(' ')}) ;;`;
  });
  return `#compdef limpet
_limpet() {
  local -a found typed
  local path_to=''
  typed=(\${\${words[2,CURRENT-1]}:#-*})
  path_to="\${(j: :)typed}"
  while true; do
    case $path_to in
${cases.join('\n')}
    esac
    (( \${#found} )) && break
    [[ -z $path_to ]] && break
    [[ $path_to == *' '* ]] && path_to=\${path_to% *} || path_to=''
  done
  _describe 'limpet' found
  _files
}
_limpet "$@"
`;
}

function fish(all: readonly Entry[]): string {
  const text = (words: string) => `'${words.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = all.flatMap((entry) => {
    const [first, second] = entry.path;
    const where =
      first === undefined
        ? '__fish_use_subcommand'
        : second === undefined
          ? `__fish_seen_subcommand_from ${first}`
          : `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`;
    const head = `complete -c limpet -n ${text(where)}`;
    return [
      ...below(entry.path, all).map((each) => `${head} -f -a ${each.path.at(-1)} -d ${text(each.does)}`),
      ...entry.options.map(
        ({ long, does, takesValue }) => `${head} -l ${long.slice(2)}${takesValue ? ' -r' : ''} -d ${text(does)}`,
      ),
    ];
  });
  return `# fish completion of limpet\n${lines.join('\n')}\n`;
}
