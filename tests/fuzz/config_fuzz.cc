/// Settings: the input as a file, and its first line as an override. What is accepted prints as a file that says the
/// same.
#include "config/config.h"
#include "target.h"

using namespace gigahop;

namespace {

void load(const std::filesystem::path& path) {
  const proto::Config config = config::load_config(path);
  const auto printed = fuzz::write_input("printed.textproto", config::print_config(config));
  if (config::fingerprint(config::load_config(printed)) != config::fingerprint(config)) {
    throw Error(ErrorKind::kInternal, "a printed config is not the config");
  }
  config::validate(config);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  const auto path = fuzz::write_input("input.textproto", text);
  fuzz::expect_data_or_error([&] { load(path); }, "", ErrorKind::kConfig);
  fuzz::expect_data_or_error(
      [&] {
        proto::Config config;
        config::apply_override(config, std::string(text.substr(0, text.find('\n'))));
      },
      "", ErrorKind::kConfig);
  return 0;
}
