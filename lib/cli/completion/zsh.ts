/**
 * Completion for zsh.
 * @module
 */
import { flagOf } from '../arguments.js';
import type { Command, Completes, Option } from '../command.js';

/**
 * Returns a file `_ipvs` that completes the words of `ipvs` in zsh. Like the script for bash, it
 * starts no process of Node.js.
 */
export function zshCompletion(commands: readonly Command[]): string {
  const described = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`);
  const cases = commands.map((command) => {
    const specifications = argumentsOf(command).map(quote).join(' \\\n        ');
    return `    ${command.name})\n      _arguments ${specifications}\n      ;;`;
  });
  return `#compdef ipvs
# Completion of ipvs for zsh: write it to a file _ipvs in a folder of $fpath.
_ipvs_commands() {
  local -a commands=(
${described.join('\n')}
  )
  _describe command commands
}
_ipvs_namespaces() {
  local -a namespaces=(\${\${(f)"$(ip netns list 2>/dev/null)"}%% *})
  compadd -a namespaces
}
_ipvs() {
  if ((CURRENT == 2)); then
    _ipvs_commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${cases.join('\n')}
  esac
}
# compinit calls the file as the function; source only defines it.
if [[ $funcstack[1] == _ipvs ]]; then _ipvs "$@"; else compdef _ipvs ipvs; fi`;
}

/** Returns the specifications of `_arguments` for a command. */
function argumentsOf({ options, operands = [] }: Command): string[] {
  return [
    ...Object.entries(options).map(([name, option]) => optionOf(flagOf(name), option)),
    '--help[print this help]',
    ...operands.map(
      ({ name, optional, completes }, index) =>
        `${index + 1}${optional === undefined ? ':' : '::'}${name}:${actionOf(completes)}`,
    ),
  ];
}

function optionOf(flag: string, { summary, value, repeatable, completes }: Option): string {
  const explained = `[${summary.replace(/[\][:\\]/g, '\\$&')}]`;
  const times = repeatable === undefined ? '' : '*';
  if (value === undefined) return `${times}${flag}${explained}`;
  return `${times}${flag}=${explained}:${value.replace(/:/g, '\\:')}:${actionOf(completes)}`;
}

function actionOf(completes: Completes | undefined): string {
  switch (completes) {
    case undefined:
      return '';
    case 'file':
      return '_files';
    case 'namespace':
      return '_ipvs_namespaces';
    case 'command':
      return '_ipvs_commands';
    default:
      return `(${completes.join(' ')})`;
  }
}

function quote(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`;
}
