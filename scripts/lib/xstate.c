// Lets user-mode Linux run on processors with AMX, loaded before it by LD_PRELOAD.
//
// Linux 6.1 and 6.12 keep the extended registers of their processes in a buffer that has no room for
// those of AMX. The host accepts only the registers of all its extensions at once, and refuses a
// shorter buffer with EFAULT. This ptrace() adds the missing registers, in their initial state.
#define _GNU_SOURCE  // RTLD_NEXT
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

typedef long Ptrace(enum __ptrace_request request, pid_t process, void* address, void* data);

// More than the registers of any processor: AMX has the most, 11 KiB.
enum { MAX_BYTES = 16 * 1024 };
// The bits at this offset name the components that are not in their initial state. Those of AMX
// come after the known ones.
enum { COMPONENTS_OFFSET = 512, KNOWN_COMPONENTS = (1 << 10) - 1 };

static long set_registers(Ptrace* next, pid_t process, void* type, const struct iovec* given) {
  static _Alignas(64) char registers[MAX_BYTES];
  static size_t size;
  if (size == 0) {
    struct iovec all = {registers, sizeof registers};
    if (next(PTRACE_GETREGSET, process, type, &all) < 0) return -1;
    size = all.iov_len;
    memset(registers, 0, sizeof registers);
  }
  struct iovec whole = *given;
  if (given->iov_len < size) {
    memcpy(registers, given->iov_base, given->iov_len);
    uint64_t components;
    memcpy(&components, registers + COMPONENTS_OFFSET, sizeof components);
    components &= KNOWN_COMPONENTS;
    memcpy(registers + COMPONENTS_OFFSET, &components, sizeof components);
    whole = (struct iovec){registers, size};
  }
  return next(PTRACE_SETREGSET, process, type, &whole);
}

long ptrace(enum __ptrace_request request, ...) {
  va_list arguments;
  va_start(arguments, request);
  const pid_t process = va_arg(arguments, pid_t);
  void* address = va_arg(arguments, void*);
  void* data = va_arg(arguments, void*);
  va_end(arguments);

  static Ptrace* next;
  if (next == NULL) next = (Ptrace*)dlsym(RTLD_NEXT, "ptrace");
  const int sets = request == PTRACE_SETREGSET && (uintptr_t)address == NT_X86_XSTATE;
  return sets ? set_registers(next, process, address, data) : next(request, process, address, data);
}
