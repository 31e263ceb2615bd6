#include "dataset/mat_file.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <matio.h>

#include "base/error.h"

namespace gigahop::dataset {
namespace {

constexpr std::string_view kHint = "expected is a file as scipy.io.savemat or MATLAB's save writes it";

double number_at(const void* data, matio_types type, int64_t i) {
  switch (type) {
    case MAT_T_DOUBLE:
      return static_cast<const double*>(data)[i];
    case MAT_T_SINGLE:
      return static_cast<const float*>(data)[i];
    case MAT_T_INT64:
      return static_cast<double>(static_cast<const int64_t*>(data)[i]);
    case MAT_T_UINT64:
      return static_cast<double>(static_cast<const uint64_t*>(data)[i]);
    case MAT_T_INT32:
      return static_cast<const int32_t*>(data)[i];
    case MAT_T_UINT32:
      return static_cast<const uint32_t*>(data)[i];
    case MAT_T_INT16:
      return static_cast<const int16_t*>(data)[i];
    case MAT_T_UINT16:
      return static_cast<const uint16_t*>(data)[i];
    case MAT_T_INT8:
      return static_cast<const int8_t*>(data)[i];
    default:
      return static_cast<const uint8_t*>(data)[i];
  }
}

bool is_number(matio_types type) {
  switch (type) {
    case MAT_T_DOUBLE:
    case MAT_T_SINGLE:
    case MAT_T_INT64:
    case MAT_T_UINT64:
    case MAT_T_INT32:
    case MAT_T_UINT32:
    case MAT_T_INT16:
    case MAT_T_UINT16:
    case MAT_T_INT8:
    case MAT_T_UINT8:
      return true;
    default:
      return false;
  }
}

bool is_numeric(matio_classes of) {
  return of == MAT_C_SPARSE || (of >= MAT_C_DOUBLE && of <= MAT_C_UINT64);
}

const mat_sparse_t* sparse_of(const matvar_t& variable) {
  return variable.class_type == MAT_C_SPARSE ? static_cast<const mat_sparse_t*>(variable.data) : nullptr;
}

/// Offsets ascend to the number of elements, rows ascend within each column and are rows of the matrix.
bool is_well_formed(const mat_sparse_t& sparse, size_t num_rows, size_t num_cols) {
  if (sparse.njc != num_cols + 1 || sparse.jc[0] != 0 || sparse.jc[num_cols] > sparse.nir) return false;
  if (sparse.jc[num_cols] > sparse.ndata) return false;
  for (size_t c = 0; c < num_cols; ++c) {
    if (sparse.jc[c] > sparse.jc[c + 1]) return false;
    for (size_t k = sparse.jc[c]; k < sparse.jc[c + 1]; ++k) {
      if (sparse.ir[k] >= num_rows || (k > sparse.jc[c] && sparse.ir[k] <= sparse.ir[k - 1])) return false;
    }
  }
  return true;
}

void check(const matvar_t& variable, const std::string& place) {
  const bool is_matrix =
      variable.rank == 2 && variable.isComplex == 0 && is_numeric(variable.class_type) && is_number(variable.data_type);
  const bool is_empty = is_matrix && (variable.dims[0] == 0 || variable.dims[1] == 0);
  if (!is_matrix || is_empty || variable.data == nullptr) {
    throw data_error(place, "a matrix of real numbers, not empty", "something else", kHint);
  }
  const mat_sparse_t* const sparse = sparse_of(variable);
  if (sparse != nullptr && !is_well_formed(*sparse, variable.dims[0], variable.dims[1])) {
    throw data_error(place, "a sparse matrix whose rows ascend within each column", "another order or range");
  }
}

/// Deflate makes a byte of at most 1032, and a number of eight bytes may be stored in one.
constexpr double kMostBytesOfStored = 8 * 1032;

/// A header may claim any extents: matio sets the memory of a dense matrix aside, and of a sparse one every row becomes
/// a node, though nothing may be stored of it.
void check_extents(const matvar_t& variable, uintmax_t file_bytes, const std::string& place) {
  const bool is_sparse = variable.class_type == MAT_C_SPARSE;
  double size = is_sparse ? 1.0 : static_cast<double>(Mat_SizeOfClass(variable.class_type));
  for (int d = 0; d < (is_sparse ? 1 : variable.rank); ++d) size *= static_cast<double>(variable.dims[d]);
  if (size > kMostBytesOfStored * static_cast<double>(file_bytes)) {
    throw data_error(place, "a matrix that a file of this size can hold",
                     fmt::format("one of {:.0f} {}", size, is_sparse ? "rows" : "bytes"),
                     "the file is truncated or damaged");
  }
}

}  // namespace

struct MatFile::Handle {
  mat_t* file = nullptr;
};

MatFile::MatFile(const std::filesystem::path& path) : path_(path), handle_(std::make_unique<Handle>()) {
  handle_->file = Mat_Open(path.c_str(), MAT_ACC_RDONLY);
  if (handle_->file == nullptr)
    throw data_error(path.string(), "a MATLAB file", "none, or one that cannot be read", kHint);
}

MatFile::~MatFile() {
  if (handle_->file != nullptr) Mat_Close(handle_->file);
}

struct MatMatrix::Variable {
  explicit Variable(matvar_t* read) : matrix(read) {}
  ~Variable() { Mat_VarFree(matrix); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  matvar_t* matrix;
};

MatMatrix MatFile::read(const std::string& name) const {
  const std::string place = fmt::format("{}, matrix {}", path_.string(), name);
  const std::unique_ptr<matvar_t, decltype(&Mat_VarFree)> header(Mat_VarReadInfo(handle_->file, name.c_str()),
                                                                 &Mat_VarFree);
  if (header != nullptr) check_extents(*header, std::filesystem::file_size(path_), place);
  matvar_t* const variable = Mat_VarRead(handle_->file, name.c_str());
  if (variable == nullptr) throw data_error(place, "a matrix of that name", "none");
  MatMatrix matrix(place, std::make_unique<MatMatrix::Variable>(variable));
  check(*variable, place);
  return matrix;
}

MatMatrix::MatMatrix(std::string place, std::unique_ptr<Variable> variable)
    : place_(std::move(place)), variable_(std::move(variable)) {}
MatMatrix::~MatMatrix() = default;
MatMatrix::MatMatrix(MatMatrix&&) noexcept = default;

int64_t MatMatrix::num_rows() const {
  return static_cast<int64_t>(variable_->matrix->dims[0]);
}

int64_t MatMatrix::num_cols() const {
  return static_cast<int64_t>(variable_->matrix->dims[1]);
}

void MatMatrix::read(int64_t first, std::span<double> out) const {
  const matvar_t& matrix = *variable_->matrix;
  if (sparse_of(matrix) != nullptr) throw data_error(place_, "a dense matrix", "a sparse one");
  require(first + static_cast<int64_t>(out.size()) <= num_rows() * num_cols(), "elements of the matrix");
  for (double& number : out) number = number_at(matrix.data, matrix.data_type, first++);
}

void MatMatrix::read_rows(int64_t first, std::span<float> out) const {
  const matvar_t& matrix = *variable_->matrix;
  const int64_t width = num_cols();
  const int64_t end = first + static_cast<int64_t>(out.size()) / width;
  require(end <= num_rows(), "rows of the matrix");
  const mat_sparse_t* const sparse = sparse_of(matrix);
  std::ranges::fill(out, 0.0F);
  for (int64_t c = 0; c < width; ++c) {
    const auto put = [&](int64_t row, const void* data, int64_t i) {
      out[static_cast<size_t>((row - first) * width + c)] = static_cast<float>(number_at(data, matrix.data_type, i));
    };
    if (sparse == nullptr) {
      for (int64_t row = first; row < end; ++row) put(row, matrix.data, c * num_rows() + row);
      continue;
    }
    const mat_uint32_t* const last = sparse->ir + sparse->jc[c + 1];
    const mat_uint32_t* at = sparse->ir + sparse->jc[c];
    at = std::lower_bound(at, last, static_cast<mat_uint32_t>(first));
    for (; at != last && *at < end; ++at) put(*at, sparse->data, at - sparse->ir);
  }
}

}  // namespace gigahop::dataset
