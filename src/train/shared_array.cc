#include "train/shared_array.h"

#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "comm/agree.h"

namespace gigahop::train {
namespace fs = std::filesystem;

SharedArray::SharedArray(const comm::Communicator& comm, fs::path path, array::DType dtype,
                         const std::vector<int64_t>& shape)
    : comm_(&comm), path_(std::move(path)) {
  comm::agree(*comm_, [&] {
    if (comm_->rank() != 0) return;
    make_folders(path_.parent_path());
    array::create_npy(partial_path(path_), dtype, shape);
  });
  comm::agree(*comm_, [&] { writer_.emplace(partial_path(path_)); });
}

void SharedArray::finish() {
  comm::agree(*comm_, [&] { writer_->close(); });
  comm::agree(*comm_, [&] {
    if (comm_->rank() != 0) return;
    std::error_code error;
    fs::rename(partial_path(path_), path_, error);
    if (error) throw data_error(path_.string(), "a name that can be given", error.message());
    sync_folder(path_.parent_path());
  });
}

}  // namespace gigahop::train
