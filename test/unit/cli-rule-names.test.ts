// Names of hosts in files of rules, with a resolver of its own.
import { beforeEach, expect, test, vi } from 'vitest';
import { NameLookup } from '../../lib/cli/ipvsadm/name-lookup.js';
import { parseStateFile } from '../../lib/cli/state-file/read.js';

const lookup = vi.hoisted(() => vi.fn());
vi.mock('node:dns/promises', () => ({ lookup }));

const ADDRESSES: Readonly<Record<string, string>> = { '4 web': '10.0.0.1', '6 web': 'fd00::1' };
const read = (text: string) => parseStateFile('f.rules', text);

beforeEach(() => {
  lookup.mockReset();
  lookup.mockImplementation(async (name: string, { family }: { family: number }) => {
    const [, number = ''] = /^[vs](\d+)$/.exec(name) ?? [];
    const address =
      number === ''
        ? ADDRESSES[`${family} ${name}`]
        : `10.0.${Number(number) >> 8}.${Number(number) & 255}`;
    if (address === undefined) {
      throw Object.assign(new Error('failed'), {
        code: name === 'down' ? 'EAI_AGAIN' : 'ENOTFOUND',
      });
    }
    return { address };
  });
});

test('are looked up all at once, each once', async () => {
  const lookUp = vi.spyOn(NameLookup.prototype, 'lookUp');
  const places = Array.from({ length: 300 }, (_, place) => place);
  const lines = places.flatMap((place) => [
    `-A -t v${place}:80`,
    `-a -t v${place}:80 -r s${place}:80`,
    `-a -t v${place}:80 -r [web]:80 -i`,
    `-e -t v${place}:80 -r s${place}:80 -w 2`,
  ]);
  const { state } = await read(lines.join('\n'));
  expect(state.services.map((each) => each.destinations?.map(({ address }) => address))).toEqual(
    places.map((place) => [`10.0.${place >> 8}.${place & 255}`, 'fd00::1']),
  );
  expect(lookUp).toHaveBeenCalledTimes(1);
  expect(lookup).toHaveBeenCalledTimes(601);
});

test('that have one address are the same host', async () => {
  await expect(read('-A -t v1:80\n-A -t s1:80')).rejects.toThrow(
    "f.rules:2:7: 's1:80' is added twice: first in line 1",
  );
});

test('are those of IPv6 hosts in brackets', async () => {
  const { state } = await read('-A -t web:80\n-A -t [web]:80\n-a -t [web]:80 -r [web]:8080 -m');
  expect(state.services).toMatchObject([
    { address: '10.0.0.1', destinations: [] },
    { address: 'fd00::1', destinations: [{ address: 'fd00::1', port: 8080 }] },
  ]);
});

test.each([
  ['-A -t mail:80', 'IPv4'],
  ['-A -t [mail]:80', 'IPv6'],
])('that have no address are refused: %s', async (text, version) => {
  await expect(read(text)).rejects.toThrow(
    `names the host 'mail', for which the system's resolver has no ${version} address`,
  );
});

test('whose look-up fails are refused with the reason', async () => {
  await expect(read('-A -t down:80')).rejects.toThrow(
    "names the host 'down', which could not be looked up (EAI_AGAIN)",
  );
});
