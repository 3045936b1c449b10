#include "os/files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "os/descriptor.h"
#include "os/error.h"
#include "os/namespace.h"
#include "test/inherited_descriptors.h"
#include "test/other_namespace.h"
#include "test/random.h"

using os::Namespace;
using os::read_files;
using os::write_files;

namespace {

class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "ipvs-test.XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path_ / name;
  }
  std::string path(const std::string& name) const { return path_ / name; }
  std::string read(const std::string& name) const {
    std::ifstream stream(path_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

 private:
  std::filesystem::path path_;
};

os::File file(std::string path, std::string text = {}) {
  return {.path = std::move(path), .text = std::move(text), .error = 0};
}

constexpr const char* kTtl = "/proc/sys/net/ipv4/ip_default_ttl";

}  // namespace

TEST_CASE("each file is read, whether or not others fail") {
  const Folder folder;
  std::vector<os::File> files = {file(folder.write("one", "1\n")), file(folder.path("none")),
                                 file("/"), file(folder.write("empty", "")),
                                 file(folder.write("two", "a\nb\n"), "previous text")};
  read_files(Namespace(), files);
  CHECK(files[0].error == 0);
  CHECK(files[0].text == "1\n");
  CHECK(files[1].error == ENOENT);
  CHECK(files[1].text.empty());
  CHECK(files[2].error == EISDIR);
  CHECK(files[2].text.empty());
  CHECK(files[3].error == 0);
  CHECK(files[3].text.empty());
  CHECK(files[4].error == 0);
  CHECK(files[4].text == "a\nb\n");
}

TEST_CASE("reading stops after 64 KiB of a file") {
  const Folder folder;
  test::Random random;
  for (const size_t size : {size_t{65'535}, size_t{65'536}, size_t{65'537}, size_t{200'000}}) {
    const std::string text = random.word(size);
    std::vector<os::File> files = {file(folder.write("large", text))};
    read_files(Namespace(), files);
    CHECK(files[0].error == 0);
    CHECK((files[0].text == text.substr(0, 65'536)));
  }
}

TEST_CASE("files are written in order until one fails") {
  const Folder folder;
  std::vector<os::File> files = {
      file(folder.write("one", ""), "1"), file(folder.write("two", ""), "22"),
      file(folder.path("none"), "3"), file(folder.write("four", ""), "4")};
  write_files(Namespace(), files);
  CHECK(files[0].error == 0);
  CHECK(files[1].error == 0);
  CHECK(files[2].error == ENOENT);
  CHECK(files[3].error == ECANCELED);
  CHECK(folder.read("one") == "1");
  CHECK(folder.read("two") == "22");
  CHECK(folder.read("four").empty());
  CHECK_FALSE(std::filesystem::exists(folder.path("none")));
}

TEST_CASE("kernel parameters are those of the namespace") {
  const test::OtherNamespace other;
  if (!other.exists()) return;
  const Namespace there(other.path());
  std::vector<os::File> here = {file(kTtl)};
  read_files(Namespace(), here);
  REQUIRE(here[0].error == 0);
  const std::string ttl = here[0].text == "77\n" ? "78" : "77";

  std::vector<os::File> files = {file(kTtl, ttl)};
  write_files(there, files);
  CHECK(files[0].error == 0);
  read_files(there, files);
  CHECK(files[0].text == ttl + "\n");
  files = here;
  read_files(Namespace(), files);
  CHECK(files[0].text == here[0].text);
}

TEST_CASE("a value that the kernel refuses results in its errno") {
  const test::OtherNamespace other;
  if (!other.exists()) return;
  std::vector<os::File> files = {file(kTtl, "a lot")};
  write_files(Namespace(other.path()), files);
  CHECK(files[0].error == EINVAL);
}

TEST_CASE("a namespace that cannot be entered is an error of the whole call") {
  std::vector<os::File> files = {file(kTtl)};
  const Namespace none("/dev/null");
  CHECK_THROWS_AS(read_files(none, files), os::Error);
  CHECK_THROWS_AS(write_files(none, files), os::Error);
}

TEST_CASE("an open file is not inherited by child processes") {
  const Folder folder;
  const std::string path = folder.path("fifo");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const size_t before = test::inherited_descriptors();
  // Opening a FIFO waits for the other end, and reading for data.
  for (const bool reading : {true, false}) {
    CAPTURE(reading);
    std::string text(100'000, 'x');  // more than a FIFO holds
    std::thread job([&, reading] {
      os::Files files{{path, text, 0}};
      reading ? read_files(Namespace(), files) : write_files(Namespace(), files);
      CHECK(files[0].error == 0);
    });
    os::Descriptor other(::open(path.c_str(), (reading ? O_WRONLY : O_RDONLY) | O_CLOEXEC));
    REQUIRE(other);
    CHECK(test::inherited_descriptors() == before);
    if (reading) CHECK(::write(other.get(), "text", 4) == 4);
    for (size_t left = reading ? 0 : text.size(); left > 0;) {
      const ssize_t count = ::read(other.get(), text.data(), text.size());
      REQUIRE(count > 0);
      left -= static_cast<size_t>(count);
    }
    // The reader gets to the end.
    { const os::Descriptor closed(std::move(other)); }
    job.join();
  }
}
