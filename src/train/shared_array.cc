#include "train/shared_array.h"

#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "comm/agree.h"

namespace gigahop::train {
namespace fs = std::filesystem;

SharedArray::Partial::~Partial() {
  if (rank_ != 0) return;
  std::error_code ignored;  // readers never look at a partial file
  fs::remove(path_, ignored);
}

SharedArray::SharedArray(const comm::Communicator& comm, fs::path path, array::DType dtype,
                         const std::vector<int64_t>& shape)
    : comm_(&comm), path_(std::move(path)), partial_(partial_path(path_), comm.rank()) {
  comm::agree(*comm_, [&] {
    if (comm_->rank() != 0) return;
    make_folders(path_.parent_path());
    array::create_npy(partial_.path(), dtype, shape);
  });
  comm::agree(*comm_, [&] { writer_.emplace(partial_.path()); });
}

void SharedArray::close() {
  comm::agree(*comm_, [&] { writer_->close(); });
}

void SharedArray::take_name() {
  std::error_code error;
  fs::rename(partial_.path(), path_, error);
  if (error) throw data_error(path_.string(), "a name that can be given", error.message());
}

}  // namespace gigahop::train
