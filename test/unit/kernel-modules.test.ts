import { describe, expect, test } from 'vitest';
import {
  absenceOf,
  listsModule,
  type ModuleFacts,
  noLoading,
} from '../../lib/native/kernel-modules.js';

const usual: ModuleFacts = {
  loaded: false,
  onDisk: true,
  loader: '/sbin/modprobe',
  forbidden: false,
};

describe('a missing module', () => {
  const none = { detail: 'the kernel has no module ip_vs_mh', remedy: null };
  test.each<[string, Partial<ModuleFacts>, { detail: string; remedy: string | null }]>([
    ['is nowhere', { onDisk: false }, none],
    [
      'is nowhere, and no module can be loaded',
      { onDisk: false, loader: '', forbidden: true },
      none,
    ],
    ['is not visible', { onDisk: undefined }, none],
    [
      'is not visible, and kernel.modprobe is not visible either',
      { onDisk: undefined, loader: undefined },
      none,
    ],
    [
      'is on disk, and the kernel loads no modules on demand',
      { loader: '' },
      {
        detail:
          'module ip_vs_mh is not loaded, and the kernel loads no modules on demand ' +
          '(kernel.modprobe is empty): load it with modprobe ip_vs_mh',
        remedy: 'modprobe ip_vs_mh',
      },
    ],
    [
      'is not visible, and the kernel loads no modules on demand',
      { onDisk: undefined, loader: '' },
      {
        detail:
          'module ip_vs_mh is not loaded, and the kernel loads no modules on demand ' +
          '(kernel.modprobe is empty): load it with modprobe ip_vs_mh on the host',
        remedy: null,
      },
    ],
    [
      'is on disk, and modules_disabled is set',
      { forbidden: true, loader: '' },
      {
        detail:
          'module ip_vs_mh is not loaded, and kernel.modules_disabled forbids loading modules ' +
          'until the next boot',
        remedy: null,
      },
    ],
    [
      'is on disk, and the kernel failed to load it',
      {},
      {
        detail:
          'module ip_vs_mh is on disk, but the kernel could not load it: ' +
          'see what modprobe ip_vs_mh says',
        remedy: 'modprobe ip_vs_mh',
      },
    ],
    [
      'is on disk, and the program that loads modules fails',
      { loader: '/nonexistent/modprobe' },
      {
        detail:
          'module ip_vs_mh is on disk, but the kernel could not load it by ' +
          '/nonexistent/modprobe (kernel.modprobe): load it with modprobe ip_vs_mh',
        remedy: 'modprobe ip_vs_mh',
      },
    ],
    [
      'is loaded, and provides something else',
      { loaded: true, loader: '' },
      { detail: 'module ip_vs_mh is loaded, but provides nothing of that name', remedy: null },
    ],
  ])('has a reason and a remedy if it %s', (_, facts, absence) => {
    expect(absenceOf('ip_vs_mh', { ...usual, ...facts })).toEqual(absence);
  });

  test('is loaded on demand unless the kernel is configured otherwise', () => {
    expect(noLoading(usual)).toBeUndefined();
    expect(noLoading({ ...usual, loader: undefined })).toBeUndefined();
    expect(noLoading({ ...usual, loader: '', loaded: true })).toBeUndefined();
    expect(noLoading({ ...usual, loader: '' })).toMatch(/kernel.modprobe is empty/);
    expect(noLoading({ ...usual, forbidden: true })).toMatch(/modules_disabled/);
  });
});

test.each([
  ['kernel/net/netfilter/ipvs/ip_vs_mh.ko: kernel/net/netfilter/ipvs/ip_vs.ko', 'ip_vs_mh', true],
  ['kernel/net/netfilter/ipvs/ip_vs_mh.ko.xz: kernel/ip_vs.ko.xz', 'ip-vs-mh', true],
  ['a.ko:\nkernel/net/ip-vs-mh.ko.zst:', 'ip_vs_mh', true],
  ['ip_vs_mh.ko:', 'ip_vs_mh', true],
  ['kernel/net/netfilter/ipvs/ip_vs_mhx.ko:', 'ip_vs_mh', false],
  ['kernel/net/netfilter/ipvs/xip_vs_mh.ko:', 'ip_vs_mh', false],
  ['kernel/net/netfilter/ipvs/ip_vs_mh.ko:', 'ip_vs_.h', false],
  ['', 'ip_vs_mh', false],
])('the list %j has module %s: %s', (list, name, expected) => {
  expect(listsModule(list, name)).toBe(expected);
});
