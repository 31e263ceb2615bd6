/// Which MPI this program runs on.
#pragma once

#include <string>

namespace gigahop::comm {

struct Library {
  std::string name;          // with its version: "Open MPI v4.1.4, ..."
  std::string standard;      // of MPI that it follows: "3.1"
  std::string thread_level;  // that it gives: "MPI_THREAD_MULTIPLE"
};

/// Of the MPI that an Environment has started.
Library library();

}  // namespace gigahop::comm
