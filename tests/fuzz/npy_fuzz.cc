/// .npy files: mapped, read by positions, and streamed into numbers.
#include <vector>

#include "array/npy.h"
#include "dataset/array_stream.h"
#include "target.h"

using namespace gigahop;

namespace {

constexpr int64_t kAtOnce = 512;

void read_mapped(const std::filesystem::path& path) {
  const array::NpyArray array(path);
  if (array.dtype() == array::DType::kInt64) {
    for (const int64_t value : array.values<int64_t>()) static_cast<void>(value);
  }
  array.expect_shape({-1, -1});
}

void read_slices(const std::filesystem::path& path) {
  const array::NpySliceReader reader(path);
  int64_t left = reader.num_rows() * reader.row_elements();
  std::vector<int64_t> values;
  for (int64_t first = 0; left > 0; first += kAtOnce, left -= kAtOnce) {
    values.resize(static_cast<size_t>(std::min(kAtOnce, left)));
    reader.read_integers(first, values);
  }
}

template <class T>
void stream(const std::filesystem::path& path) {
  dataset::ArrayStream stream = dataset::ArrayStream::open_npy(path);
  std::vector<T> values;
  for (int64_t left = stream.num_elements(); left > 0; left -= kAtOnce) {
    values.resize(static_cast<size_t>(std::min(kAtOnce, left)));
    stream.read(std::span<T>(values));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto path = fuzz::write_input("input.npy", fuzz::as_text(data, size));
  for (const auto read : {read_mapped, read_slices, stream<int64_t>, stream<float>}) {
    fuzz::expect_data_or_error([&] { read(path); }, "input.npy");
  }
  return 0;
}
