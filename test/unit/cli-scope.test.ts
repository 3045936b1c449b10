import { describe, expect, test } from 'vitest';
import { UsageError } from '../../lib/cli/arguments.js';
import { parseScopes } from '../../lib/cli/scope.js';
import { checkScope } from '../../lib/state/scope.js';

const scopesOf = (...texts: string[]) => parseScopes('--prune', texts);

describe('a scope on the command line', () => {
  test.each([
    ['network=10.96.0.0/12', { networks: ['10.96.0.0/12'] }],
    ['network=fd00::/64,network=10.0.0.1', { networks: ['fd00::/64', '10.0.0.1'] }],
    ['port=80', { ports: [80, 80] }],
    ['port=1-1024', { ports: [1, 1024] }],
    ['protocol=tcp,protocol=udp', { protocols: ['tcp', 'udp'] }],
    ['fwmark=100-199', { fwmarks: [100, 199] }],
    ['link=vip0', { link: 'vip0' }],
    ['link=a=b', { link: 'a=b' }],
    [
      'network=10.96.0.0/12,port=1-1024,protocol=tcp,link=vip0',
      { networks: ['10.96.0.0/12'], ports: [1, 1024], protocols: ['tcp'], link: 'vip0' },
    ],
  ])('%s is one of the library', (text, scope) => {
    expect(scopesOf(text)).toEqual([scope]);
    expect(() => checkScope('prune', scope)).not.toThrow();
  });

  test('all is every address and every mark, for the library too', () => {
    const [addresses, marks, ...others] = scopesOf('all');
    expect(addresses).toEqual({ networks: ['0.0.0.0/0', '::/0'] });
    expect(marks).toEqual({ fwmarks: [1, 4294967295] });
    expect(others).toEqual([]);
    for (const scope of [addresses, marks]) expect(() => checkScope('prune', scope)).not.toThrow();
  });

  test('may be one of several', () => {
    expect(scopesOf('port=80', 'fwmark=7')).toEqual([{ ports: [80, 80] }, { fwmarks: [7, 7] }]);
    expect(scopesOf()).toEqual([]);
  });

  test.each([
    [
      '',
      "--prune '': '' is not a known condition: one of network, port, protocol, fwmark, link, all",
    ],
    ['prot=80', "--prune 'prot=80': 'prot' is not a known condition: did you mean port?"],
    ['al', "--prune 'al': 'al' is not a known condition: did you mean all?"],
    ['all,all', "--prune 'all,all': 'all' stands alone: it is every service"],
    ['port=80,all', "'all' stands alone"],
    ['all=1', "'all' stands alone"],
    ['port=80,', /'' is not a known condition/],
    ['port', "--prune 'port': port= is not one condition such as port=80 or 1-1024"],
    ['port=80-', 'port=80- is not one condition such as port=80 or 1-1024'],
    ['port=80,port=81', 'port=80,port=81 is not one condition such as port=80 or 1-1024'],
    ['fwmark=0x7', 'fwmark=0x7 is not one condition such as fwmark=7 or 100-199'],
    ['link=a,link=b', 'link=a,link=b is not one condition such as link=vip0'],
    ['constructor=1', "'constructor' is not a known condition"],
  ])('%j is refused', (text, message) => {
    expect(() => scopesOf(text)).toThrow(UsageError);
    expect(() => scopesOf(text)).toThrow(message);
  });
});
