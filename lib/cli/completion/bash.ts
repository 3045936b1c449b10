/**
 * Completion for bash.
 * @module
 */
import { flagOf } from '../arguments.js';
import type { Command, Completes } from '../command.js';

/**
 * Returns a script that completes the words of `ipvs` in bash. It has all words of the commands, so
 * that a completion starts no process of Node.js.
 */
export function bashCompletion(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const cases = (casesOf: (command: Command, names: string) => readonly string[]) =>
    commands
      .flatMap((command) => casesOf(command, names))
      .map((line) => `    ${line}`)
      .join('\n');
  return `# Completion of ipvs for bash: source <(ipvs completion bash)
_ipvs_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current"); }
_ipvs_files() {
  compopt -o filenames
  mapfile -t COMPREPLY < <(compgen -f -- "$current")
}
_ipvs_namespaces() {
  local name
  # Not by compgen -W, which would execute a $(command) in a name.
  while read -r name _; do
    if [[ $name == "$current"* ]]; then COMPREPLY+=("$(printf %q "$name")"); fi
  done < <(ip netns list 2>/dev/null)
}
_ipvs() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  # --format=json is three words to bash.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if ((COMP_CWORD == 1)); then
    _ipvs_words '${names}'
    return
  fi
  # The value of an option.
  case "\${COMP_WORDS[1]} $previous" in
${cases(valueCases)}
  esac
  # An option or an operand.
  case "\${COMP_WORDS[1]} $current" in
${cases(wordCases)}
  esac
}
complete -F _ipvs ipvs`;
}

function valueCases({ name, options }: Command, names: string): string[] {
  return Object.entries(options)
    .filter(([, { value }]) => value !== undefined)
    .map(([option, { completes }]) => {
      return `'${name} ${flagOf(option)}') ${completerOf(completes, names)}; return ;;`;
    });
}

function wordCases({ name, options, operands }: Command, names: string): string[] {
  const flags = [...Object.keys(options).map(flagOf), '--help'].join(' ');
  return [
    `'${name} -'*) _ipvs_words '${flags}' ;;`,
    `'${name} '*) ${completerOf(operands?.[0]?.completes, names)} ;;`,
  ];
}

/** Returns the call that completes a word. */
function completerOf(completes: Completes | undefined, names: string): string {
  switch (completes) {
    case undefined:
      return ':';
    case 'file':
      return '_ipvs_files';
    case 'namespace':
      return '_ipvs_namespaces';
    case 'command':
      return `_ipvs_words '${names}'`;
    default:
      return `_ipvs_words '${completes.join(' ')}'`;
  }
}
