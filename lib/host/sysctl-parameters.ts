/**
 * The kernel parameters of IPVS. A new parameter is a property of {@link Sysctls} and a row of
 * {@link PARAMETERS}.
 * @module
 */
import {
  boolean,
  cpuList,
  defenceMode,
  integer,
  type Kind,
  MAX_INT,
  MAX_SECONDS,
  powerOfTwo,
  syncThreshold,
} from './sysctl-kinds.js';

/** The folder of the parameters. @internal */
export const IPVS_FOLDER = '/proc/sys/net/ipv4/vs';
/** The file of a parameter that every kernel with IPVS has. @internal */
export const EVERYWHERE = `${IPVS_FOLDER}/drop_entry`;

/**
 * The values of the parameters. A parameter that the kernel does not have is undefined; each says
 * when that is. The default of a fresh network namespace stands in brackets.
 */
export interface Sysctls {
  /** With dropPacket 3, one packet of this many is dropped. [10] */
  readonly amDroprate?: number;
  /**
   * The number of free pages below which the automatic defences of dropEntry, dropPacket and
   * secureTcp begin. [1024]
   */
  readonly amemthresh?: number;
  /** If true, schedules nothing while a backup sync daemon runs. [false] */
  readonly backupOnly?: boolean;
  /**
   * If true, sends a packet that no server can take to its original destination: for transparent
   * caches. [false]
   */
  readonly cacheBypass?: boolean;
  /**
   * The load of the connection table, as a power of two, -8 to 8. From Linux 7. [-4; in namespaces
   * other than the first, -2]
   */
  readonly connLfactor?: number;
  /** The limit of connections, 0 to 2^30. From Linux 7. [2^30] */
  readonly connMax?: number;
  /**
   * The server of a new connection that uses a client's port again. 0: the old server. 1: it is
   * scheduled anew if the old connection is in TIME_WAIT or closed. 2 and 3: also if it is in
   * FIN_WAIT and its replies bypass IPVS, as with direct routing. [1]
   */
  readonly connReuseMode?: number;
  /**
   * If true, keeps netfilter's connection tracking entries, which masquerading rules need. With
   * CONFIG_IP_VS_NFCT. [false]
   */
  readonly conntrack?: boolean;
  /**
   * How much IPVS writes to the kernel log. With CONFIG_IP_VS_DEBUG, and only in the first
   * namespace. [0]
   */
  readonly debugLevel?: number;
  /**
   * When half-open connections are dropped. 0: never. 1 and 2: automatically, when memory is
   * short; the kernel switches between the two. 3: always. [0]
   */
  readonly dropEntry?: number;
  /** When packets are dropped before they are forwarded; values as of dropEntry. [0] */
  readonly dropPacket?: number;
  /** The processors that estimate rates, '0-3,5'; '' for none. From Linux 6.2. */
  readonly estCpulist?: string;
  /** The nice value of the threads that estimate rates, -20 to 19. From Linux 6.2. [0] */
  readonly estNice?: number;
  /**
   * If true, ends connections at once when their destination is deleted, so that clients notice.
   * [false]
   */
  readonly expireNodestConn?: boolean;
  /**
   * If true, forgets the persistence of clients whose destination has weight 0, so that they do not
   * return to it. [false]
   */
  readonly expireQuiescentTemplate?: boolean;
  /** If true, does not schedule packets that come out of a tunnel. [false] */
  readonly ignoreTunneled?: boolean;
  /**
   * Seconds after which lblc forgets a destination address. While ip_vs_lblc is loaded. [86400]
   */
  readonly lblcExpiration?: number;
  /**
   * Seconds after which lblcr forgets a destination address. While ip_vs_lblcr is loaded. [86400]
   */
  readonly lblcrExpiration?: number;
  /** If true, sends ICMP errors for masqueraded packets that have no connection. [false] */
  readonly natIcmpSend?: boolean;
  /**
   * If true, rejects packets larger than the path MTU that may not be fragmented. It can be
   * switched off for tunnels only. [true]
   */
  readonly pmtuDisc?: boolean;
  /** If true, refreshes counters and rates; otherwise they stand still. [true] */
  readonly runEstimation?: boolean;
  /** If true, schedules connections by ICMP packets too. [false] */
  readonly scheduleIcmp?: boolean;
  /** Shorter timeouts and stricter states of TCP; values as of dropEntry. [0] */
  readonly secureTcp?: number;
  /** If true, accepts SCTP connections that began elsewhere. [false] */
  readonly sloppySctp?: boolean;
  /** If true, accepts TCP connections that began elsewhere. [false] */
  readonly sloppyTcp?: boolean;
  /** If true, routes masqueraded replies again, by their new source address. [true] */
  readonly snatReroute?: boolean;
  /**
   * The load of the service table, as a power of two, -8 to 8. From Linux 7. [-3; in namespaces
   * other than the first, -2]
   */
  readonly svcLfactor?: number;
  /**
   * The data that a master sends for persistent services. 0: connections and templates. 1:
   * templates only. [0]
   */
  readonly syncPersistMode?: number;
  /**
   * Threads and UDP ports of a sync daemon, a power of two, 1 to 64. Read when the first daemon
   * starts. [1]
   */
  readonly syncPorts?: number;
  /** The limit of sync messages that are queued. [a 32nd of the memory's pages] */
  readonly syncQlenMax?: number;
  /** Seconds after which an unchanged connection is sent again; 0: never. [0] */
  readonly syncRefreshPeriod?: number;
  /** The number of repetitions within syncRefreshPeriod, 0 to 3. [0] */
  readonly syncRetries?: number;
  /** Bytes of the buffer of the sync socket; 0: the system's default. [0] */
  readonly syncSockSize?: number;
  /**
   * `[threshold, period]`: a connection is sent after `threshold` packets, and then once in every
   * `period` packets. [[3, 50]]
   */
  readonly syncThreshold?: readonly [number, number];
  /** The version of the sync protocol: 1, or 0 for backups older than Linux 2.6.39. [1] */
  readonly syncVersion?: number;
}

/** A parameter: its file, and the kind of its value. */
type Parameters = {
  readonly [Name in keyof Required<Sysctls>]: readonly [
    file: string,
    kind: Kind<Required<Sysctls>[Name]>,
  ];
};

/** @internal */
export const PARAMETERS: Parameters = {
  amDroprate: ['am_droprate', integer(0, MAX_INT)],
  amemthresh: ['amemthresh', integer(0, MAX_INT, 'pages')],
  backupOnly: ['backup_only', boolean],
  cacheBypass: ['cache_bypass', boolean],
  connLfactor: ['conn_lfactor', integer(-8, 8)],
  connMax: ['conn_max', integer(0, 2 ** 30)],
  connReuseMode: ['conn_reuse_mode', integer(0, 3)],
  conntrack: ['conntrack', boolean],
  debugLevel: ['debug_level', integer(0, MAX_INT)],
  dropEntry: ['drop_entry', defenceMode],
  dropPacket: ['drop_packet', defenceMode],
  estCpulist: ['est_cpulist', cpuList],
  estNice: ['est_nice', integer(-20, 19)],
  expireNodestConn: ['expire_nodest_conn', boolean],
  expireQuiescentTemplate: ['expire_quiescent_template', boolean],
  ignoreTunneled: ['ignore_tunneled', boolean],
  lblcExpiration: ['lblc_expiration', integer(0, MAX_SECONDS, 'seconds')],
  lblcrExpiration: ['lblcr_expiration', integer(0, MAX_SECONDS, 'seconds')],
  natIcmpSend: ['nat_icmp_send', boolean],
  pmtuDisc: ['pmtu_disc', boolean],
  runEstimation: ['run_estimation', boolean],
  scheduleIcmp: ['schedule_icmp', boolean],
  secureTcp: ['secure_tcp', defenceMode],
  sloppySctp: ['sloppy_sctp', boolean],
  sloppyTcp: ['sloppy_tcp', boolean],
  snatReroute: ['snat_reroute', boolean],
  svcLfactor: ['svc_lfactor', integer(-8, 8)],
  syncPersistMode: ['sync_persist_mode', integer(0, 1)],
  syncPorts: ['sync_ports', powerOfTwo],
  syncQlenMax: ['sync_qlen_max', integer(0, MAX_INT)],
  syncRefreshPeriod: ['sync_refresh_period', integer(0, MAX_SECONDS, 'seconds')],
  syncRetries: ['sync_retries', integer(0, 3)],
  syncSockSize: ['sync_sock_size', integer(0, MAX_INT, 'bytes')],
  syncThreshold: ['sync_threshold', syncThreshold],
  syncVersion: ['sync_version', integer(0, 1)],
};
