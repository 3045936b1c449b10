// Preloaded into a process: makes the addon run out of memory, at the allocation that is asked for. It asks by umask(N), which
// nothing else there calls: the Nth `new` of the addon from then on fails. umask() returns 1 if the one before it has failed
// an allocation, otherwise 0.
#include <link.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

// Where the addon's code lies.
std::atomic<uintptr_t> begin{0};
std::atomic<uintptr_t> end{0};
std::atomic<long> left{0};
std::atomic<bool> failed{false};

int find_addon(dl_phdr_info* object, size_t, void*) {
  if (std::strstr(object->dlpi_name, "/ipvs.node") == nullptr) return 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
    begin = object->dlpi_addr + part.p_vaddr;
    end = begin + part.p_memsz;
  }
  return 1;
}

}  // namespace

extern "C" mode_t umask(mode_t number) noexcept {
  left = 0;
  dl_iterate_phdr(find_addon, nullptr);
  left = static_cast<long>(number);
  return failed.exchange(false) ? 1 : 0;
}

void* operator new(size_t size) {
  const auto caller = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  if (caller >= begin && caller < end && left > 0 && left.fetch_sub(1) == 1) {
    failed = true;
    throw std::bad_alloc();
  }
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
