/**
 * What becomes of the packets of connections whose destination or service is deleted: the table of
 * docs/kernel.md.
 */
import type { Ipvs } from 'ipvs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Namespace } from './helpers/namespace.js';
import { until } from './helpers/poll.js';
import { Speaker } from './helpers/speaker.js';
import { useNamespace } from './helpers/use-namespace.js';

/** The director; the client and the server each have a link to it alone. */
const fixture = useNamespace();
const VIRTUAL = '10.96.0.1';
const SERVER = '10.9.0.3';
/** Seconds in which what does not come would have come. */
const SILENCE = 0.5;

let [ends, speakers]: [readonly Namespace[], readonly Speaker[]] = [[], []];
let client: Speaker;
let server: Speaker;
let port = 2000;

function link(end: Namespace, name: string, network: string, own: string): void {
  const { namespace } = fixture;
  namespace.ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth', 'netns', end.name);
  namespace.ip('address', 'add', `${network}.1/24`, 'dev', name);
  namespace.ip('link', 'set', name, 'up');
  end.ip('address', 'add', `${network}.${own}/24`, 'dev', 'eth');
  end.ip('link', 'set', 'eth', 'up');
  end.ip('route', 'add', 'default', 'via', `${network}.1`);
}

beforeAll(async () => {
  const [first, second] = [new Namespace(), new Namespace()];
  ends = [first, second];
  link(first, 'client', '10.8.0', '2');
  link(second, 'server', '10.9.0', '3');
  fixture.namespace.ip('address', 'add', `${VIRTUAL}/32`, 'dev', 'lo');
  fixture.namespace.run('sysctl', ['-q', '-w', 'net.ipv4.ip_forward=1']);
  // Until then packets are dropped, and TCP repeats them ever more seldom.
  for (const [namespace, name] of [
    [first, 'eth'],
    [second, 'eth'],
    [fixture.namespace, 'client'],
    [fixture.namespace, 'server'],
  ] as const) {
    await until(
      () => namespace.ip('link', 'show', name),
      (shown) => shown.includes('state UP'),
    );
  }
  client = new Speaker(first);
  server = new Speaker(second);
  speakers = [client, server];
});
afterAll(() => {
  for (const speaker of speakers) speaker.stop();
  for (const end of ends) end.delete();
});
beforeEach(async () => {
  await fixture.ipvs.flush();
  await fixture.ipvs.sysctls.set({ expireNodestConn: false });
});

describe.each(['tcp', 'udp'] as const)('in a %s connection', (protocol) => {
  /** A service with a destination, and a connection on which both have spoken. */
  async function talk() {
    const { ipvs } = fixture;
    port++;
    const service = { protocol, address: VIRTUAL, port, scheduler: 'rr' } as const;
    const destination = { address: SERVER, port, forwarding: 'masquerade' } as const;
    await ipvs.addService(service);
    await ipvs.addDestination(service, destination);
    await server.do('listen', { protocol, address: SERVER, port });
    await client.do('connect', { protocol, address: VIRTUAL, port });
    await client.say('request');
    if (protocol === 'tcp') await server.do('accept');
    expect(await server.hear()).toBe('request');
    return { service, destination };
  }

  /** Another service, of IPv4, so that the one which is deleted is not the last. */
  const addAnother = () => fixture.ipvs.addService({ protocol: 'tcp', address: VIRTUAL, port: 9 });

  async function expectReply() {
    await server.say('reply');
    expect(await client.hear()).toBe('reply');
  }

  async function expectDropped() {
    await client.say('more');
    expect(await server.hear(SILENCE)).toBeNull();
    expect(await client.hear(SILENCE)).toBeNull();
  }

  /** The director answers by itself. */
  async function expectRefused() {
    const errors = [await client.say('more'), await client.hear()];
    const refused = ['ECONNRESET', 'ECONNREFUSED', 'EPIPE'];
    expect(errors.filter((error) => refused.includes(error ?? ''))).not.toEqual([]);
    expect(await server.hear(SILENCE)).not.toBe('more');
  }

  test('packets pass if the weight of the destination is 0', async () => {
    const { service, destination } = await talk();
    await fixture.ipvs.updateDestination(service, destination, { weight: 0 });
    await expectReply();
    await client.say('more');
    expect(await server.hear()).toBe('more');
  });

  test('packets pass if the weight is 0 and only inactive connections are counted', async () => {
    const { service, destination } = await talk();
    await fixture.ipvs.updateDestination(service, destination, { weight: 0 });
    if (protocol === 'tcp') await client.do('finish');
    const counted = await until(
      () => fixture.ipvs.sync.getDestination(service, destination),
      (found) => found?.activeConnections === 0,
    );
    expect(counted).toMatchObject({ activeConnections: 0, inactiveConnections: 1 });
    const state = protocol === 'tcp' ? 'CLOSE_WAIT' : 'UDP';
    expect(await fixture.ipvs.countConnections({ service, state })).toEqual([{ count: 1 }]);
    await expectReply();
    await expectReply();
  });

  test('replies pass and requests are dropped after the destination is deleted until it is added again', async () => {
    const { service, destination } = await talk();
    await fixture.ipvs.deleteDestination(service, destination);
    await expectReply();
    await expectDropped();
    expect(await fixture.ipvs.countConnections({ service, destination })).toEqual([{ count: 1 }]);

    await fixture.ipvs.addDestination(service, destination);
    await client.say('again');
    // TCP repeats what was dropped.
    const again = protocol === 'tcp' ? /^more(again)?$/ : /^again$/;
    expect(await server.hear()).toMatch(again);
    await expectReply();
  });

  test('replies pass and requests are dropped after one of several services is deleted', async () => {
    const { service } = await talk();
    await addAnother();
    await fixture.ipvs.deleteService(service);
    await expectReply();
    await expectDropped();
  });

  test.each([
    {
      deletion: 'the last service, which is deleted',
      act: (ipvs: Ipvs, name: string) => ipvs.deleteService(name),
    },
    { deletion: 'a table that is flushed', act: (ipvs: Ipvs) => ipvs.flush() },
    {
      deletion: 'the last service of its family, which is deleted',
      act: async (ipvs: Ipvs, name: string) => {
        await ipvs.addService({ protocol: 'tcp', address: 'fd00::1', port: 9 });
        await ipvs.deleteService(name);
      },
    },
  ])('replies are lost and requests refused after $deletion', async ({ act }) => {
    await talk();
    await act(fixture.ipvs, `${protocol}://${VIRTUAL}:${port}`);
    await server.say('reply');
    expect(await client.hear(SILENCE)).not.toBe('reply');
    await expectRefused();
  });

  test('requests end the connection with expire_nodest_conn after the destination is deleted', async () => {
    await fixture.ipvs.sysctls.set({ expireNodestConn: true });
    const { service, destination } = await talk();
    await fixture.ipvs.deleteDestination(service, destination);
    await expectRefused();
    expect(await fixture.ipvs.countConnections({ service, destination })).toEqual([{ count: 0 }]);
  });
});
