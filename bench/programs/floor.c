// The C floor of the benchmark: the least work that a client of the kernel can do. It checks and
// decodes nothing and creates no objects. It adds and reads the same objects as library.ts, and
// prints the number of operations and the time they took.
//
//   floor load|each|services|destinations|list SERVICES DESTINATIONS
//   floor connections 0 0
//   floor addresses|change|dump LINK ADDRESSES
#define _GNU_SOURCE  // recvmmsg
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/if_addr.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// The number of messages per send. A larger number is not faster.
enum { BATCH = 1000 };
// The size of the kernel's largest datagram of a dump, and the number of datagrams per recvmmsg.
enum { DATAGRAM_SIZE = 32768, DATAGRAMS = 4 };
enum { SOCKET_BUFFER = 8 << 20 };
// All addresses are in 10.0.0.0/8: those of services and links from VIRTUAL on, those of
// destinations from REAL on.
enum { VIRTUAL = 0x0a600001, REAL = 0x0a800001 };

static int sock;
static uint16_t family;
static uint32_t sequence;
// The messages to send: the start of the unfinished message, the end of all, the number of finished
// messages.
static char out[BATCH * 256];
static char* message_start;
static char* end = out;
static int pending;
static char in[DATAGRAMS][DATAGRAM_SIZE];

static void fail(const char* what) {
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void refuse(int error, const char* what) {
  errno = -error;
  fail(what);
}

// ---- Messages

static void begin(int type, int flags) {
  const struct nlmsghdr header = {
      .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags, .nlmsg_seq = ++sequence};
  message_start = end;
  memcpy(end, &header, sizeof header);
  end += sizeof header;
}

static void put(const void* bytes, int size) {
  memset(end, 0, NLMSG_ALIGN(size));
  memcpy(end, bytes, size);
  end += NLMSG_ALIGN(size);
}

static void attribute(int type, const void* bytes, int size) {
  const struct nlattr header = {.nla_type = type, .nla_len = sizeof header + size};
  put(&header, sizeof header);
  put(bytes, size);
}

static void attribute16(int type, uint16_t value) { attribute(type, &value, sizeof value); }
static void attribute32(int type, uint32_t value) { attribute(type, &value, sizeof value); }

static char* begin_nest(int type) {
  char* nest = end;
  attribute(type | NLA_F_NESTED, NULL, 0);
  return nest;
}

static void end_nest(char* nest) { ((struct nlattr*)nest)->nla_len = end - nest; }

static void end_message(void) {
  ((struct nlmsghdr*)message_start)->nlmsg_len = end - message_start;
  pending++;
}

static void begin_command(int command, int flags) {
  const struct genlmsghdr header = {.cmd = command, .version = IPVS_GENL_VERSION};
  begin(family, flags);
  put(&header, sizeof header);
}

static void put_address(int type, uint32_t address) {
  const uint32_t bytes[4] = {htonl(address)};
  attribute(type, bytes, sizeof bytes);
}

// Writes the key of a service and, to add it, its settings.
static void put_service(int number, int with_settings) {
  char* nest = begin_nest(IPVS_CMD_ATTR_SERVICE);
  attribute16(IPVS_SVC_ATTR_AF, AF_INET);
  attribute16(IPVS_SVC_ATTR_PROTOCOL, IPPROTO_TCP);
  put_address(IPVS_SVC_ATTR_ADDR, VIRTUAL + number);
  attribute16(IPVS_SVC_ATTR_PORT, htons(80));
  if (with_settings) {
    const struct ip_vs_flags flags = {.flags = 0, .mask = ~0U};
    attribute(IPVS_SVC_ATTR_SCHED_NAME, "rr", sizeof "rr");
    attribute(IPVS_SVC_ATTR_FLAGS, &flags, sizeof flags);
    attribute32(IPVS_SVC_ATTR_TIMEOUT, 0);
    attribute32(IPVS_SVC_ATTR_NETMASK, ~0U);
  }
  end_nest(nest);
}

static void put_destination(int number) {
  char* nest = begin_nest(IPVS_CMD_ATTR_DEST);
  put_address(IPVS_DEST_ATTR_ADDR, REAL + number);
  attribute16(IPVS_DEST_ATTR_PORT, htons(8080));
  attribute16(IPVS_DEST_ATTR_ADDR_FAMILY, AF_INET);
  attribute32(IPVS_DEST_ATTR_FWD_METHOD, IP_VS_CONN_F_MASQ);
  attribute32(IPVS_DEST_ATTR_WEIGHT, 1);
  attribute32(IPVS_DEST_ATTR_U_THRESH, 0);
  attribute32(IPVS_DEST_ATTR_L_THRESH, 0);
  end_nest(nest);
}

// ---- Exchanges

static void send_all(void) {
  if (send(sock, out, end - out, 0) < 0) fail("send");
  end = out;
  pending = 0;
}

// Receives the acknowledgement of the last message. Exits if a message before it was refused.
static void await_acknowledgement(void) {
  const ssize_t size = recv(sock, in, sizeof in, 0);
  if (size < 0) fail("recv");
  const struct nlmsghdr* header = (const void*)in;
  const struct nlmsgerr* reply = NLMSG_DATA(header);
  if (header->nlmsg_type != NLMSG_ERROR) fail("expected an acknowledgement");
  if (reply->error != 0) refuse(reply->error, "refused");
}

// The commands have no NLM_F_ACK; the no-op behind them has.
static void flush_batch(void) {
  if (pending == 0) return;
  begin(NLMSG_NOOP, NLM_F_ACK);
  end_message();
  send_all();
  await_acknowledgement();
}

static void add_to_batch(void) {
  end_message();
  if (pending == BATCH) flush_batch();
}

static void exchange(void) {
  end_message();
  send_all();
  await_acknowledgement();
}

// Sends the request for a dump, and counts its messages. Receives several datagrams at a time, so
// that the end of the dump takes no system call of its own.
static int dump(void) {
  int count = 0;
  end_message();
  send_all();
  for (;;) {
    struct mmsghdr datagrams[DATAGRAMS] = {0};
    struct iovec buffers[DATAGRAMS];
    for (int i = 0; i < DATAGRAMS; i++) {
      buffers[i] = (struct iovec){in[i], DATAGRAM_SIZE};
      datagrams[i].msg_hdr.msg_iov = &buffers[i];
      datagrams[i].msg_hdr.msg_iovlen = 1;
    }
    const int received = recvmmsg(sock, datagrams, DATAGRAMS, MSG_WAITFORONE, NULL);
    if (received < 0) fail("recvmmsg");
    for (int i = 0; i < received; i++) {
      unsigned left = datagrams[i].msg_len;
      for (const struct nlmsghdr* header = (const void*)in[i]; NLMSG_OK(header, left);
           header = NLMSG_NEXT(header, left)) {
        if (header->nlmsg_type == NLMSG_DONE) return count;
        if (header->nlmsg_type == NLMSG_ERROR) fail("a dump was refused");
        count++;
      }
    }
  }
}

static void open_socket(int protocol) {
  const int size = SOCKET_BUFFER;
  const int on = 1;
  sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (sock < 0) fail("socket");
  setsockopt(sock, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  setsockopt(sock, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
}

static void resolve_family(void) {
  const struct genlmsghdr command = {.cmd = CTRL_CMD_GETFAMILY, .version = 1};
  begin(GENL_ID_CTRL, 0);
  put(&command, sizeof command);
  attribute(CTRL_ATTR_FAMILY_NAME, IPVS_GENL_NAME, sizeof IPVS_GENL_NAME);
  end_message();
  send_all();
  const ssize_t size = recv(sock, in, sizeof in, 0);
  const struct nlmsghdr* header = (const void*)in;
  if (size < 0 || header->nlmsg_type != GENL_ID_CTRL) fail("the kernel has no IPVS");
  const char* at = (const char*)NLMSG_DATA(header) + GENL_HDRLEN;
  const char* last = (const char*)in + header->nlmsg_len;
  while (at < last) {
    const struct nlattr* attribute = (const void*)at;
    if (attribute->nla_type == CTRL_ATTR_FAMILY_ID) family = *(const uint16_t*)(attribute + 1);
    at += NLA_ALIGN(attribute->nla_len);
  }
}

static void open_ipvs(void) {
  open_socket(NETLINK_GENERIC);
  resolve_family();
}

// ---- Actions: each returns the number of operations, or of objects read

static int add_all(int services, int destinations, void (*submit)(void)) {
  for (int i = 0; i < services; i++) {
    begin_command(IPVS_CMD_NEW_SERVICE, submit == exchange ? NLM_F_ACK : 0);
    put_service(i, 1);
    submit();
    for (int j = 0; j < destinations; j++) {
      begin_command(IPVS_CMD_NEW_DEST, submit == exchange ? NLM_F_ACK : 0);
      put_service(i, 0);
      put_destination(i * destinations + j);
      submit();
    }
  }
  flush_batch();
  return services * (1 + destinations);
}

static int load(int services, int destinations) {
  return add_all(services, destinations, add_to_batch);
}

static int each(int services, int destinations) {
  return add_all(services, destinations, exchange);
}

static int list_services(int services, int destinations) {
  (void)services, (void)destinations;
  begin_command(IPVS_CMD_GET_SERVICE, NLM_F_DUMP);
  return dump();
}

static int list_destinations(int services, int destinations) {
  int count = 0;
  (void)destinations;
  for (int i = 0; i < services; i++) {
    begin_command(IPVS_CMD_GET_DEST, NLM_F_DUMP);
    put_service(i, 0);
    count += dump();
  }
  return count;
}

static int list(int services, int destinations) {
  const int found = list_services(services, destinations);
  return found + list_destinations(found, destinations);
}

static int read_connections(int first, int second) {
  int rows = -1;  // the first line is a heading
  ssize_t size;
  (void)first, (void)second;
  const int file = open("/proc/thread-self/net/ip_vs_conn", O_RDONLY | O_CLOEXEC);
  if (file < 0) fail("ip_vs_conn");
  while ((size = read(file, in, sizeof in)) > 0) {
    const char* last = (const char*)in + size;
    for (const char* at = (const char*)in; (at = memchr(at, '\n', last - at)) != NULL; at++) rows++;
  }
  close(file);
  return rows;
}

static void put_link_address(int type, int flags, int link, int number) {
  const struct ifaddrmsg message = {
      .ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_index = (unsigned)link};
  const uint32_t address = htonl(VIRTUAL + number);
  begin(type, flags);
  put(&message, sizeof message);
  attribute(IFA_LOCAL, &address, sizeof address);
  attribute(IFA_ADDRESS, &address, sizeof address);
}

static int add_addresses(int link, int count) {
  for (int i = 0; i < count; i++) {
    put_link_address(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link, i);
    add_to_batch();
  }
  flush_batch();
  return count;
}

static int dump_addresses(int link, int count) {
  const struct ifaddrmsg message = {.ifa_family = AF_UNSPEC, .ifa_index = (unsigned)link};
  const int on = 1;
  (void)count;
  setsockopt(sock, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  begin(RTM_GETADDR, NLM_F_DUMP);
  put(&message, sizeof message);
  return dump();
}

// Replaces the first hundredth of the addresses by new ones.
static int change_addresses(int link, int count) {
  const int changed = count / 100;
  dump_addresses(link, count);
  for (int i = 0; i < changed; i++) {
    put_link_address(RTM_DELADDR, 0, link, i);
    add_to_batch();
    put_link_address(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link, count + i);
    add_to_batch();
  }
  flush_batch();
  return count;
}

static const struct {
  const char* name;
  int protocol;
  int (*run)(int, int);
  int warm_ups;  // runs before the measured one: as many as the library's, if it changes nothing
} actions[] = {
    {"load", NETLINK_GENERIC, load, 0},
    {"each", NETLINK_GENERIC, each, 0},
    {"services", NETLINK_GENERIC, list_services, 1},
    {"destinations", NETLINK_GENERIC, list_destinations, 1},
    {"list", NETLINK_GENERIC, list, 1},
    {"connections", NETLINK_GENERIC, read_connections, 1},
    {"addresses", NETLINK_ROUTE, add_addresses, 0},
    {"change", NETLINK_ROUTE, change_addresses, 0},
    {"dump", NETLINK_ROUTE, dump_addresses, 0},
};

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int main(int argc, char** argv) {
  for (size_t i = 0; argc == 4 && i < sizeof actions / sizeof *actions; i++) {
    if (strcmp(argv[1], actions[i].name) != 0) continue;
    if (actions[i].protocol == NETLINK_GENERIC) {
      open_ipvs();
    } else {
      open_socket(NETLINK_ROUTE);
    }
    const int first =
        actions[i].protocol == NETLINK_ROUTE ? (int)if_nametoindex(argv[2]) : atoi(argv[2]);
    const int second = atoi(argv[3]);
    for (int run = 0; run < actions[i].warm_ups; run++) actions[i].run(first, second);
    const double begin = milliseconds();
    const int operations = actions[i].run(first, second);
    printf("{\"operations\":%d,\"milliseconds\":%.4f}\n", operations, milliseconds() - begin);
    return 0;
  }
  fprintf(stderr, "Usage: floor ACTION FIRST SECOND (see the source)\n");
  return 2;
}
