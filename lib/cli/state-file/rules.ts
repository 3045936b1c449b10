/**
 * State files with the rules of ipvsadm.
 * @module
 */
import { faultOf } from '../../core/input-errors.js';
import type { State } from '../../index.js';
import { CommandLineError } from '../../ipvsadm/grammar/command-line-error.js';
import { isRulesError, parseRules, type Resolve, type Rules } from '../../ipvsadm/index.js';
import { InputFileError } from '../failures.js';
import { NameLookup } from '../ipvsadm/name-lookup.js';

/**
 * Returns the state of rules, whose names of hosts and services are looked up.
 * @param name the name of the file, for errors
 * @throws InputFileError
 */
export async function readRules(name: string, text: string): Promise<State> {
  const { services, timeouts, syncDaemons } = await parse(name, text);
  if (timeouts !== undefined || syncDaemons !== undefined) {
    const rest = timeouts === undefined ? 'starts sync daemons' : 'sets timeouts';
    throw new InputFileError(`${name}: ${rest}, which is no part of a state: use 'ipvs -R'`);
  }
  return { services };
}

async function parse(name: string, text: string): Promise<Rules> {
  const names = new NameLookup();
  const resolve: Resolve = (...host) => names.resolve(...host) ?? refuseName(names, ...host);
  for (;;) {
    try {
      const rules = parseRules(text, { resolve });
      if (!names.isPending) return rules;
    } catch (error) {
      // An address that is not known yet may be the reason.
      if (!names.isPending) throw translate(name, error);
    }
    await names.lookUp();
  }
}

function refuseName(names: NameLookup, ...[name, kind, family]: Parameters<Resolve>): never {
  if (kind !== 'host') {
    const rule = `names the service '${name}' of ${kind}, which /etc/services does not have`;
    throw new CommandLineError('', { rule });
  }
  const failure = names.failureOf(name, family);
  const version = family === undefined ? 'IPv4' : 'IPv6';
  const why =
    failure === undefined
      ? `for which the system's resolver has no ${version} address`
      : `which could not be looked up (${failure})`;
  throw new CommandLineError('', { rule: `names the host '${name}', ${why}` });
}

function translate(name: string, error: unknown): unknown {
  if (!isRulesError(error)) return error;
  const { line, column } = error;
  return new InputFileError(`${name}:${line}:${column}: ${faultOf(error)?.fault}`, {
    cause: error,
  });
}
