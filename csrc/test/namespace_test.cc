// Network namespaces. Without the right to enter one, the tests check for EPERM.
#include "os/namespace.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "netlink/generic.h"
#include "netlink/socket.h"
#include "os/descriptor.h"
#include "os/error.h"
#include "test/capabilities.h"
#include "test/inherited_descriptors.h"
#include "test/other_namespace.h"

using netlink::Socket;
using os::Descriptor;
using os::Error;
using os::Namespace;
using test::inherited_descriptors;
using test::OtherNamespace;

namespace {

constexpr const char* kHere = "/proc/thread-self/ns/net";

ino_t inode(const char* path) {
  struct stat status {};
  return ::stat(path, &status) == 0 ? status.st_ino : 0;
}

ino_t inode(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 ? status.st_ino : 0;
}

// Returns the inode of the namespace that a socket belongs to.
ino_t namespace_of(int socket) {
  const Descriptor owner(::ioctl(socket, SIOCGSKNS));
  return owner ? inode(owner.get()) : 0;
}

Descriptor open_socket() {
  return Descriptor(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC));
}

size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

// A FIFO, with a writer that releases whoever waits for one too long.
class Fifo {
 public:
  Fifo() {
    REQUIRE(::mkdtemp(folder_.data()) != nullptr);
    path_ = folder_ + "/fifo";
    REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
    writer_ = std::thread([this] {
      for (int waited = 0; !ended_ && waited < 5000; waited += 5) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
      // Fails unless a reader waits.
      if (!ended_) rescued_ = bool(Descriptor(::open(path_.c_str(), O_WRONLY | O_NONBLOCK)));
    });
  }
  ~Fifo() {
    end();
    std::filesystem::remove_all(folder_);
  }
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;

  const std::string& path() const { return path_; }
  /// Returns true if somebody waited.
  bool end() {
    ended_ = true;
    if (writer_.joinable()) writer_.join();
    return rescued_;
  }

 private:
  std::string folder_ = "/tmp/ipvs-fifo-XXXXXX";
  std::string path_;
  std::atomic<bool> ended_ = false;
  std::atomic<bool> rescued_ = false;
  std::thread writer_;
};

// Returns the call and errno of what `action` throws.
template <typename Action>
std::string failure_of(Action action) {
  try {
    action();
    return "none";
  } catch (const Error& error) {
    return error.syscall() + ' ' + std::to_string(error.error());
  }
}

std::string failure(const std::string& path) {
  return failure_of([&] { (void)Namespace(path).open(open_socket); });
}

std::string creation_failure() {
  return failure_of([] { (void)Namespace::create(); });
}

// Creates a namespace. Returns nothing, with a message, without the right to create one.
std::optional<Namespace> create() {
  if (!OtherNamespace().exists()) return {};
  return Namespace::create();
}

}  // namespace

TEST_CASE("a socket opened in another namespace belongs there, and no thread has moved") {
  const OtherNamespace other;
  if (!other.exists()) return;
  const Namespace netns(other.path());
  const ino_t here = inode(kHere);
  const ino_t there = inode(other.path().c_str());
  REQUIRE(here != 0);
  REQUIRE(there != 0);
  REQUIRE(here != there);

  for (int round = 0; round < 20; ++round) {
    ino_t inside = 0;
    std::thread::id thread;
    const Descriptor socket = netns.open([&] {
      inside = inode(kHere);
      thread = std::this_thread::get_id();
      return open_socket();
    });
    REQUIRE(socket);
    CHECK(inside == there);
    CHECK(thread != std::this_thread::get_id());
    CHECK(namespace_of(socket.get()) == there);
    CHECK(inode(kHere) == here);
    CHECK(namespace_of(open_socket().get()) == here);
    CHECK(inode("/proc/self/ns/net") == here);
  }
  ino_t others = 0;
  std::thread([&] { others = inode(kHere); }).join();
  CHECK(others == here);
}

TEST_CASE("a namespace stays open after everything in it has gone") {
  std::optional<OtherNamespace> other(std::in_place);
  if (!other->exists()) return;
  const ino_t there = inode(other->path().c_str());
  const Namespace netns(other->path());
  other.reset();
  CHECK(namespace_of(netns.open(open_socket).get()) == there);
}

TEST_CASE("a created namespace is a new one, and no thread has moved") {
  const auto netns = create();
  if (!netns) return;
  const ino_t here = inode(kHere);
  const ino_t there = inode(netns->descriptor());
  CHECK(there != here);
  CHECK(inode(Namespace::create().descriptor()) != there);
  CHECK(namespace_of(netns->open(open_socket).get()) == there);
  CHECK(inode(kHere) == here);
  CHECK(inode("/proc/self/ns/net") == here);
  ino_t others = 0;
  std::thread([&] { others = inode(kHere); }).join();
  CHECK(others == here);
}

TEST_CASE("many threads may create namespaces at the same time") {
  if (!create()) return;
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 10; ++round) {
        const Namespace netns = Namespace::create();
        CHECK(namespace_of(netns.open(open_socket).get()) == inode(netns.descriptor()));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("the path of a namespace leads to it, also from another process") {
  const Namespace own(kHere);
  CHECK(own.path() ==
        "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(own.descriptor()));
  const auto netns = create();
  if (!netns) return;
  const std::string path = netns->path();
  CHECK(inode(path.c_str()) == inode(netns->descriptor()));
  CHECK(namespace_of(Namespace(path).open(open_socket).get()) == inode(netns->descriptor()));
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(::setns(Descriptor(::open(path.c_str(), O_RDONLY)).get(), CLONE_NEWNET));
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("created namespaces leave no descriptor open, and children inherit none") {
  const size_t before = open_descriptors();
  const size_t inherited = inherited_descriptors();
  {
    const auto netns = create();
    if (!netns) return;
    CHECK(open_descriptors() == before + 1);
    CHECK(inherited_descriptors() == inherited);
    for (int round = 0; round < 20; ++round) (void)Namespace::create();
    CHECK(open_descriptors() == before + 1);
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("entering the own namespace stays on the calling thread") {
  for (const Namespace& netns : {Namespace(), Namespace("")}) {
    std::thread::id thread;
    netns.enter([&] { thread = std::this_thread::get_id(); });
    CHECK(thread == std::this_thread::get_id());
    CHECK(netns.open(open_socket));
    CHECK_THROWS_AS(netns.enter([] { throw std::runtime_error("no"); }), std::runtime_error);
  }
  // It is the own namespace of each caller: a thread in another namespace stays there.
  const OtherNamespace other;
  if (!other.exists()) return;
  ino_t inside = 0;
  Namespace(other.path()).enter([&] { Namespace().enter([&] { inside = inode(kHere); }); });
  CHECK(inside == inode(other.path().c_str()));
}

TEST_CASE("a socket of another namespace works from here") {
  const OtherNamespace other;
  if (!other.exists()) return;
  Socket socket = Socket::open(NETLINK_GENERIC, Namespace(other.path()));
  CHECK(namespace_of(socket.descriptor()) == inode(other.path().c_str()));
  CHECK(netlink::Family(socket, "nlctrl", 1).id() == GENL_ID_CTRL);
}

TEST_CASE("many threads may enter other namespaces at the same time") {
  const OtherNamespace first;
  const OtherNamespace second;
  if (!first.exists()) return;
  const ino_t here = inode(kHere);
  const Namespace shared(first.path());
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const Namespace own(second.path());
      const ino_t there = inode((i % 2 == 0 ? first : second).path().c_str());
      for (int round = 0; round < 10; ++round) {
        const Descriptor socket = (i % 2 == 0 ? shared : own).open(open_socket);
        CHECK(namespace_of(socket.get()) == there);
        CHECK(inode(kHere) == here);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("signals are blocked inside another namespace, and the caller's mask is unchanged") {
  const OtherNamespace other;
  if (!other.exists()) return;
  sigset_t chosen{};
  sigset_t inside{};
  sigset_t after{};
  sigset_t before{};
  sigaddset(&chosen, SIGUSR2);
  pthread_sigmask(SIG_SETMASK, &chosen, &before);
  Namespace(other.path()).enter([&] { pthread_sigmask(SIG_SETMASK, nullptr, &inside); });
  pthread_sigmask(SIG_SETMASK, &before, &after);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGPROF, SIGCHLD}) {
    CHECK(sigismember(&inside, signal) == 1);
    CHECK(sigismember(&after, signal) == (signal == SIGUSR2 ? 1 : 0));
  }
}

TEST_CASE("an exception thrown inside another namespace reaches the caller") {
  const OtherNamespace other;
  if (!other.exists()) return;
  const Namespace netns(other.path());
  CHECK_THROWS_WITH_AS(netns.enter([] { throw std::length_error("no"); }), "no",
                       std::runtime_error);
  CHECK_THROWS_AS(netns.enter([] { throw std::bad_alloc(); }), std::bad_alloc);
  try {
    netns.enter([] { throw Error(EMFILE, "socket", "too many"); });
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.error() == EMFILE);
    CHECK(error.syscall() == "socket");
    CHECK(error.text() == "too many");
  }
}

TEST_CASE("a path that leads to no namespace is an error of open() or setns()") {
  CHECK(failure("/proc/self/ns/no_such") == "open 2");
  CHECK(failure("/dev/null/net") == "open 20");
  CHECK(failure("/dev/null") == "setns 22");
  CHECK(failure("/proc/self/ns/uts") == "setns 22");
}

TEST_CASE("a FIFO is no namespace, and opening it does not wait for its writer") {
  Fifo fifo;
  CHECK(failure(fifo.path()) == "setns 22");
  CHECK_FALSE(fifo.end());
}

TEST_CASE("child processes inherit no descriptor") {
  const size_t before = inherited_descriptors();
  const Namespace named("/proc/self/ns/net");
  CHECK(inherited_descriptors() == before);
  const Descriptor own(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  const Namespace given = Namespace::of(own.get());
  CHECK(inherited_descriptors() == before);
  const Socket socket = Socket::open(NETLINK_GENERIC, Namespace());
  CHECK(inherited_descriptors() == before);
  // The count notices a descriptor that would be inherited.
  const Descriptor other(::dup(own.get()));
  CHECK(inherited_descriptors() == before + 1);
}

TEST_CASE("without the right to enter or create a namespace, the call fails with EPERM") {
  std::string entered;
  std::string created;
  test::without_capabilities([&] {
    entered = failure("/proc/self/ns/net");
    created = creation_failure();
  });
  CHECK(entered == "setns 1");
  CHECK(created == "unshare 1");
}

TEST_CASE("failed calls leave no descriptor open") {
  const OtherNamespace other;
  const size_t before = open_descriptors();
  for (int round = 0; round < 10; ++round) {
    (void)failure(other.path());
    (void)failure("/dev/null");
    (void)failure("/no/such/path");
    CHECK_THROWS(Namespace(kHere).enter([] {
      const Descriptor opened = open_socket();
      throw std::runtime_error("no");
    }));
  }
  CHECK(open_descriptors() == before);
}
