// The cost of an exchange with the kernel in which nothing is executed: a no-op with and without a
// sentinel behind it, acknowledged to a receive of one datagram or of eight. Needs no rights:
//
//     cc -O2 -o build/exchanges bench/programs/exchanges.c && build/exchanges
#define _GNU_SOURCE  // recvmmsg
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { TIMES = 400, ROUNDS = 200, MAX_SLOTS = 8, SLOT_BYTES = 128 * 1024, COMMAND_BYTES = 116 };

static const struct {
  const char* name;
  int sentinel;
  unsigned slots;
} cases[] = {
    {"NLM_F_ACK on the command, one slot", 0, 1},
    {"NLM_F_ACK on the command, eight slots", 0, MAX_SLOTS},
    {"a sentinel, one slot", 1, 1},
    {"a sentinel, eight slots", 1, MAX_SLOTS},
};
enum { CASES = sizeof cases / sizeof *cases };

static char in[MAX_SLOTS][SLOT_BYTES];

static void exchange(int sock, int sentinel, unsigned slots) {
  union {
    struct nlmsghdr header;
    char bytes[COMMAND_BYTES];
  } command = {{.nlmsg_len = COMMAND_BYTES,
                .nlmsg_type = NLMSG_NOOP,
                .nlmsg_flags = NLM_F_REQUEST | (sentinel ? 0 : NLM_F_ACK)}};
  struct nlmsghdr last = {
      .nlmsg_len = sizeof last, .nlmsg_type = NLMSG_NOOP, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK};
  struct iovec out[] = {{&command, sizeof command}, {&last, sizeof last}};
  const struct msghdr message = {.msg_iov = out, .msg_iovlen = sentinel ? 2 : 1};
  struct mmsghdr replies[MAX_SLOTS] = {0};
  struct iovec buffers[MAX_SLOTS];
  for (unsigned i = 0; i < slots; i++) {
    buffers[i] = (struct iovec){in[i], SLOT_BYTES};
    replies[i].msg_hdr.msg_iov = &buffers[i];
    replies[i].msg_hdr.msg_iovlen = 1;
  }
  if (sendmsg(sock, &message, 0) < 0 || recvmmsg(sock, replies, slots, MSG_WAITFORONE, NULL) != 1) {
    perror("exchange");
    exit(1);
  }
}

static double microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

int main(void) {
  const int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
  double fastest[CASES] = {0};
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < CASES; i++) {
      const double begin = microseconds();
      for (int time = 0; time < TIMES; time++) exchange(sock, cases[i].sentinel, cases[i].slots);
      const double each = (microseconds() - begin) / TIMES;
      if (round == 0 || each < fastest[i]) fastest[i] = each;
    }
  }
  for (int i = 0; i < CASES; i++) printf("%-38s %.2f us\n", cases[i].name, fastest[i]);
  return 0;
}
