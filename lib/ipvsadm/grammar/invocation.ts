/**
 * A command line that was understood: the command and the values of its options.
 * @module
 */
import type { Family } from '../../core/address.js';
import type { Forwarding, Protocol, TunnelChecksum, TunnelType } from '../../ipvs/names.js';
import { HOST_MASKS } from '../../ipvs/persistence.js';
import type { NamedFlag } from '../../ipvs/schedulers.js';
import type { SyncDaemonRole } from '../../ipvs/sync-daemon.js';
import type { CommandName, Topic } from './grammar.js';

/** The service of a command line, with ipvsadm's defaults. */
export interface GivenService {
  /** Undefined before `-t`, `-u` or `--sctp-service`, and with a firewall mark. */
  protocol: Protocol | undefined;
  family: Family;
  address: string;
  port: number;
  /** 0 without a firewall mark. */
  fwmark: number;
  /** '' is the default, wlc. */
  scheduler: string;
  schedulerFlags: readonly NamedFlag[];
  persistent: boolean;
  /** In seconds. */
  timeout: number;
  netmask: string | number;
  /** '': none. */
  engine: string;
  onePacket: boolean;
}

/** The real server of a command line, with ipvsadm's defaults. */
export interface GivenDestination {
  family: Family;
  address: string;
  port: number;
  forwarding: Forwarding;
  weight: number;
  upperThreshold: number;
  lowerThreshold: number;
  tunnelType: TunnelType;
  tunnelPort: number;
  tunnelChecksum: TunnelChecksum;
}

/** The sync daemon of a command line. Numbers that are not given are 0: the kernel chooses. */
export interface GivenDaemon {
  role: SyncDaemonRole;
  interface: string;
  syncId: number;
  maxLength: number;
  /** '': not given. */
  group: string;
  port: number;
  ttl: number;
}

/** A command line that was understood. */
export interface Invocation {
  readonly command: CommandName;
  /** The topics of the options that are given, with the index of the word that gives each. */
  readonly given: ReadonlyMap<Topic, number>;
  readonly service: Readonly<GivenService>;
  readonly destination: Readonly<GivenDestination>;
  readonly daemon: Readonly<GivenDaemon>;
  /** The values of `--set`: tcp, tcpfin, udp, in seconds. 0: unchanged. */
  readonly timeouts: readonly [tcp: number, tcpFin: number, udp: number];
}

/** An {@link Invocation} that is being read. */
export interface Draft extends Invocation {
  readonly given: Map<Topic, number>;
  readonly service: GivenService;
  readonly destination: GivenDestination;
  readonly daemon: GivenDaemon;
  timeouts: readonly [tcp: number, tcpFin: number, udp: number];
}

/** Returns a command line without options. */
export const emptyDraft = (command: CommandName): Draft => ({
  command,
  given: new Map(),
  service: {
    protocol: undefined,
    family: 'ipv4',
    address: '0.0.0.0',
    port: 0,
    fwmark: 0,
    scheduler: '',
    schedulerFlags: [],
    persistent: false,
    timeout: 0,
    netmask: HOST_MASKS.ipv4,
    engine: '',
    onePacket: false,
  },
  destination: {
    family: 'ipv4',
    address: '0.0.0.0',
    port: 0,
    forwarding: 'direct',
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
    tunnelType: 'ipip',
    tunnelPort: 0,
    tunnelChecksum: 'none',
  },
  daemon: { role: 'master', interface: '', syncId: 0, maxLength: 0, group: '', port: 0, ttl: 0 },
  timeouts: [0, 0, 0],
});
