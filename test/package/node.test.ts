import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  fetched,
  installed,
  isVersion,
  LOWEST_NODE_VERSIONS,
  NODE_VERSIONS,
  node,
  output,
  probe,
  root,
  run,
  works,
} from './consumer.js';

/** The folder of the arm64 libraries on Debian. */
const ARM64_SYSTEM = '/usr/aarch64-linux-gnu';

let cwd: string;

beforeAll(() => {
  cwd = installed();
});

const ALL_VERSIONS = [...LOWEST_NODE_VERSIONS, ...NODE_VERSIONS];

describe.each(ALL_VERSIONS)('Node.js %s', (version) => {
  const isThatVersion = isVersion(version);

  test('loads the prebuild for this architecture', () => {
    const findings = probe(cwd, { command: [node(version)] });
    expect(findings).toEqual(works(`prebuilds/linux-${process.arch}`));
    expect(findings).toMatchObject({ node: isThatVersion, arch: process.arch });
  });

  test('requires the exports that ESM imports', () => {
    const printed = output(node(version), ['required.cjs'], { cwd });
    expect(JSON.parse(printed)).toEqual({
      node: isThatVersion,
      reference: 'fwmark://7',
      same: true,
    });
  });
});

describe('the versions in package.json', () => {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

  test('are the tested ones', () => {
    expect(engines).toEqual({ node: '^20.19.0 || ^22.12.0 || >=23.0.0' });
  });

  test.each(['20.18.3', '22.11.0'])('exclude %s, which cannot require the package', (version) => {
    const old = fetched(`node-linux-${process.arch}@${version}`, 'bin/node');
    const { status, stderr } = run(old, ['required.cjs'], { cwd });
    expect(status).not.toBe(0);
    expect(stderr).toContain('ERR_REQUIRE_ESM');
  });
});

describe.each(NODE_VERSIONS)('Node.js %s', (version) => {
  const isThatVersion = isVersion(version);

  test('loads the prebuild for arm64 in an emulator', () => {
    const command = ['qemu-aarch64-static', '-L', ARM64_SYSTEM, node(version, 'arm64')];
    const findings = probe(cwd, { command });
    expect(findings).toEqual(works('prebuilds/linux-arm64'));
    expect(findings).toMatchObject({
      node: isThatVersion,
      arch: 'arm64',
      // The emulator has no generic netlink.
      open: 'EPROTONOSUPPORT',
      message: expect.stringMatching(/no generic netlink here.*\(socket: EPROTONOSUPPORT\)$/),
    });
  });

  test('imports the package on other systems, where open() explains that IPVS is part of Linux', () => {
    const command = [node(version), '--import', './elsewhere.mjs'];
    expect(probe(cwd, { command })).toMatchObject({
      reference: 'tcp://[::1]:80',
      refusal: 'ERR_INVALID_ARG_TYPE',
      open: 'ERR_IPVS_UNSUPPORTED_PLATFORM',
      elsewhere: 'ERR_IPVS_UNSUPPORTED_PLATFORM',
      addons: [],
    });
  });
});
