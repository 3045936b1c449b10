// Small files under /proc, read and written in a network namespace: kernel parameters, totals,
// status.
//
// Threading: any thread. /proc/sys/net follows the thread that opens a file, /proc/thread-self/net
//   too (and /proc/net does not: it is the main thread's).
#pragma once

#include <string>
#include <vector>

#include "os/namespace.h"

namespace os {

/// A file and what came of it.
struct File {
  std::string path;
  std::string text;  ///< what was read, or is to be written
  int error = 0;     ///< errno of opening, reading or writing
};

using Files = std::vector<File>;

/// Reads every file, each on its own: an error stops none of the others. At most 64 KiB of each.
/// @throws those of Namespace::enter()
void read_files(const Namespace& netns, Files& files);

/// Writes every file, in order, each with one call of write, until one fails; the rest is left
/// ECANCELED.
/// @throws those of Namespace::enter()
void write_files(const Namespace& netns, Files& files);

}  // namespace os
