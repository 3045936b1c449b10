import { compile, kernelParameters, staleFlows } from 'ipvs/kubernetes';
import { describe, expect, test } from 'vitest';
import { casesOf } from '../kubernetes/cases.js';

describe('connection tracking', () => {
  interface Entry {
    readonly id: number;
    readonly protocol: string;
    readonly origDst: string;
    readonly origPort: number;
    readonly replySrc: string;
    readonly replyPort: number;
  }

  test.each(casesOf('conntrack').map((each) => [each.name, each] as const))('%s', (_, each) => {
    const { services, endpointSlices, node, before, expected } = each;
    const { udp } = compile({ services, endpointSlices, node });
    const entries = before['conntrack'] as readonly Entry[];
    const flows = entries.map(({ id, protocol, origDst, origPort, replySrc, replyPort }) => ({
      id,
      protocol: protocol.toLowerCase(),
      virtual: { address: origDst, port: origPort },
      server: { address: replySrc, port: replyPort },
    }));
    expect(staleFlows(udp, flows).map(({ id }) => id)).toEqual(expected['deletedConntrack']);
  });

  test('the file has two cases', () => expect(casesOf('conntrack')).toHaveLength(2));
});

describe('kernel parameters', () => {
  test.each(casesOf('sysctls').map((each) => [each.name, each] as const))('%s', (_, each) => {
    const { strictARP, kernel } = each.config;
    const options = { strictARP: strictARP === true, kernel: String(kernel) };
    expect(kernelParameters(options)).toEqual(each.expected['sysctls']);
  });

  test.each([
    ['4.0.9', false],
    ['4.1', true],
    ['5.8.18-custom', true],
    ['5.9.0', false],
    ['7.2.7', false],
  ])('of %s include conn_reuse_mode: %s', (kernel, expected) => {
    expect('net/ipv4/vs/conn_reuse_mode' in kernelParameters({ kernel })).toBe(expected);
  });

  test('of something else than a release are refused', () => {
    expect(() => kernelParameters({ kernel: 'linux' })).toThrow(
      "kernel: 'linux' is not a release such as '6.12.9'",
    );
  });
});
