#include "comm/library.h"

#include <array>

#include <fmt/format.h>

#include "comm/communicator_state.h"

namespace gigahop::comm {
namespace {

std::string name_of_thread_level(int level) {
  switch (level) {
    case MPI_THREAD_SINGLE:
      return "MPI_THREAD_SINGLE";
    case MPI_THREAD_FUNNELED:
      return "MPI_THREAD_FUNNELED";
    case MPI_THREAD_SERIALIZED:
      return "MPI_THREAD_SERIALIZED";
    default:
      return "MPI_THREAD_MULTIPLE";
  }
}

}  // namespace

Library library() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> name = {};
  int length = 0;
  mpi_check(MPI_Get_library_version(name.data(), &length), "MPI_Get_library_version");
  int version = 0;
  int subversion = 0;
  mpi_check(MPI_Get_version(&version, &subversion), "MPI_Get_version");
  int level = MPI_THREAD_SINGLE;
  mpi_check(MPI_Query_thread(&level), "MPI_Query_thread");
  return {.name = name.data(),
          .standard = fmt::format("{}.{}", version, subversion),
          .thread_level = name_of_thread_level(level)};
}

}  // namespace gigahop::comm
