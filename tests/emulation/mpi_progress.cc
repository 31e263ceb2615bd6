/// Part of each program on emulated GPUs: its MPI_Testall, in the place of MPI's. A GPU goes on while its process waits
/// for others, who may be waiting for its collectives; an emulated one has this thread alone to go on with.
#include <mpi.h>

#include "emulation/collectives.h"

extern "C" int MPI_Testall(int count, MPI_Request requests[], int* are_done, MPI_Status statuses[]) {
  const int code = PMPI_Testall(count, requests, are_done, statuses);
  if (code == MPI_SUCCESS && *are_done == 0) emulation::run_next_collective();
  return code;
}
