/// safetensors files: the header, then every byte of every tensor.
#include "array/safetensors.h"
#include "base/checksum.h"
#include "target.h"

using namespace gigahop;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto path = fuzz::write_input("input.safetensors", fuzz::as_text(data, size));
  fuzz::expect_data_or_error(
      [&] {
        const array::SafetensorsFile file(path);
        for (const auto& [name, tensor] : file.tensors()) checksum_of(file.at(name).bytes);
      },
      "input.safetensors");
  return 0;
}
