// The command line: options in, text and an exit code out. The work is in rebuild.ts, demo.ts and operate/.

import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { LimpetError } from '../host/errors.js';
import { visible } from '../host/visible.js';
import { completionCommand } from './completion.js';
import { demo } from './demo.js';
import { dockerPluginCommand } from './docker-plugin.js';
import { end, endAsAsked } from './endings.js';
import { EXIT, errorJson, Failure } from './failure.js';
import { filled } from './filled.js';
import { installCommands } from './install/commands.js';
import { adminCommands } from './operate/commands.js';
import { storeCommand } from './operate/store.js';
import { lines, print } from './output.js';
import { painter } from './print.js';
import { type RebuildOptions, rebuild } from './rebuild.js';
import { recordingStory } from './recording.js';
import { jsonReport, textReport } from './report.js';

const paint = painter(process.stdout);

function commands(): Command {
  const program = new Command('limpet')
    .description('Every container keeps its IP address: across restarts, reschedules and leader failures.')
    .version(packageJson.version, '-v, --version', 'print the version')
    .addHelpText('after', PROGRAM_HELP)
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .configureHelp({ subcommandTerm: termOf, minWidthToWrap: 30 }) // the longest command leaves 39 columns
    .exitOverride()
    .configureOutput({ writeErr: () => {} }); // `fail` says it, in one line

  program.commandsGroup('See what it does:');
  program
    .command('rebuild')
    .description('derive the bindings from the task list of a swarm')
    .requiredOption('--tasks <file>', "Docker's GET /tasks as JSON or NDJSON, or compact records", filled('--tasks'))
    .requiredOption('--network <name-or-id>', 'the network to rebuild', filled('--network'))
    .option('--services <file>', "Docker's GET /services: names for identities, virtual IPs", filled('--services'))
    .option('--networks <file>', "Docker's GET /networks: the subnet and its gateway", filled('--networks'))
    .option('--subnet <cidr>', 'the subnet, when the input does not say it or has several', filled('--subnet'))
    .option('--json', 'print one JSON object')
    .addHelpText('after', REBUILD_HELP)
    .action(async ({ json, ...options }: RebuildOptions & { json?: true }) => {
      const rebuilt = await rebuild(options);
      process.exitCode = rebuilt.report.conflicts.length > 0 ? EXIT.found : EXIT.good;
      await print(json ? jsonReport(rebuilt) : lines(textReport(rebuilt, paint)));
    });

  program
    .command('demo')
    .description('simulate a swarm: drain a node, reboot the leader, compare Docker with Limpet')
    .option('--seed <number>', 'play other events: where tasks go, which leader is elected', wholeNumber)
    .option('--recording', 'replay the recording of a real swarm instead')
    .action(async ({ recording, seed }: { recording?: true; seed?: number }) => {
      if (recording && seed !== undefined)
        throw new Failure('--seed is for the simulation: a recording is always the same');
      await print(lines(await (recording ? recordingStory(paint) : demo(paint, seed))));
    });
  program.commandsGroup('Install:');
  installCommands(program, paint);
  dockerPluginCommand(program);
  program.commandsGroup('Operate:');
  adminCommands(program, paint);
  storeCommand(program);
  program.commandsGroup('Help:');
  completionCommand(program);
  helpCommand(program);
  return program;
}

/** Commander's own goes by the first word alone, and passes over what follows it. */
function helpCommand(program: Command): void {
  program
    .command('help [command...]')
    .description('print help, of a command too')
    .action((words: string[]) => {
      let found = program;
      for (const [n, word] of words.entries()) {
        const next = found.commands.find((each) => each.name() === word);
        if (next === undefined) {
          const [command, above] = [words.slice(0, n + 1).join(' '), words.slice(0, n).join(' ')];
          throw new Failure(`unknown command ${JSON.stringify(command)}; see ${`limpet ${above}`.trim()} --help`);
        }
        found = next;
      }
      found.help();
    });
}

/** Without the word that every one of them has, so that a line has room for what it does. */
function termOf(command: Command): string {
  const named = command.registeredArguments.map((each) => {
    const name = each.name() + (each.variadic ? '...' : '');
    return each.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...named].join(' ');
}

function wholeNumber(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  throw new Failure(`--seed ${text}: a seed is a whole number from 0 to 4294967295`);
}

const PROGRAM_HELP = `
Examples:
  limpet demo                  both allocators in a simulated swarm
  limpet install               the Docker plugin, on this node
  limpet ls --service web      who has which address
  limpet check                 compare with Docker, with what to do

Exit code: 0 success, 1 something found or refused, 2 wrong usage or input,
3 the plugin, the store or Docker does not answer.
docs/SWARM.md and docs/OPERATIONS.md of the package say more.`;

const REBUILD_HELP = `
A file can be - for standard input, one of them.
Exit code: 0 success, 1 two identities claim one address, 2 wrong usage or
unreadable input.

Example, on a manager:
  api() { curl -s --unix-socket /var/run/docker.sock http://localhost/$1; }
  api services > services.json; api networks > networks.json
  api tasks | limpet rebuild --tasks - --services services.json \\
    --networks networks.json --network web`;

/**
 * One line on stderr, and where JSON is wanted an object on stdout as well. Whatever fails, the input or its use is
 * why: a stack would help nobody.
 */
function fail(error: unknown): void {
  if (error instanceof CommanderError && error.exitCode === 0) return; // --help and --version
  const message = messageOf(error);
  complain(message, error instanceof Failure ? error.exitCode : EXIT.unusable);
  if (!wantsJson()) return;
  const code = error instanceof Failure || error instanceof LimpetError ? error.code : codeOf(error);
  process.stdout.write(`${errorJson({ code, message })}\n`);
}

function codeOf(error: unknown): string {
  return error instanceof CommanderError ? 'USAGE' : 'BROKEN';
}

function complain(message: string, exitCode: number): void {
  process.stderr.write(`limpet: ${visible(message)}\n`);
  process.exitCode = exitCode;
}

/** Also of a command line that could not be read. */
function wantsJson(): boolean {
  const words = process.argv.slice(2);
  const end = words.indexOf('--');
  return (end < 0 ? words : words.slice(0, end)).includes('--json');
}

function messageOf(error: unknown): string {
  if (error instanceof CommanderError) {
    if (error.code === 'commander.help') return 'no command given; see limpet --help';
    return error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' '); // and perhaps what was meant, below it
  }
  if (error instanceof Failure || error instanceof LimpetError) return error.message;
  return `unexpected failure: ${error instanceof Error ? error.message : String(error)}`;
}

process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  end(() => {
    if (error.code !== 'EPIPE') complain(`cannot write to standard output: ${error.message}`, EXIT.unusable);
    process.exit(); // `| head` has read enough; the exit code stays what it was
  }),
);

await commands().parseAsync().catch(fail);
endAsAsked();
