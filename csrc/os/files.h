// Reading and writing small files under /proc in a network namespace.
//
// Threading: any thread. The namespace of a file under /proc/sys/net or /proc/thread-self/net is
//   that of the thread that opens the file; under /proc/net it is the main thread's.
#pragma once

#include <string>
#include <vector>

#include "os/namespace.h"

namespace os {

/// A file to read or to write, and the result.
struct File {
  std::string path;
  std::string text;  ///< the text that was read, or is to be written
  int error = 0;     ///< errno of opening, reading or writing
};

using Files = std::vector<File>;

/// Reads every file, at most 64 KiB of each. An error stops none of the others.
/// @throws as Namespace::enter()
void read_files(const Namespace& netns, Files& files);

/// Writes the files in order, each with one call of write, until one fails. The error of the others
/// is ECANCELED.
/// @throws as Namespace::enter()
void write_files(const Namespace& netns, Files& files);

}  // namespace os
