#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "config/config.h"
#include "proto/options.pb.h"

namespace gigahop::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

using Problems = std::vector<std::string>;

/// Value i of a numeric field (i is ignored unless it is repeated) as a double.
double number_of(const Message& settings, const FieldDescriptor& field, int i) {
  const Reflection& reflection = *settings.GetReflection();
  const bool repeated = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return repeated ? reflection.GetRepeatedInt32(settings, &field, i) : reflection.GetInt32(settings, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return static_cast<double>(repeated ? reflection.GetRepeatedInt64(settings, &field, i)
                                          : reflection.GetInt64(settings, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return repeated ? reflection.GetRepeatedUInt32(settings, &field, i) : reflection.GetUInt32(settings, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return static_cast<double>(repeated ? reflection.GetRepeatedUInt64(settings, &field, i)
                                          : reflection.GetUInt64(settings, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return repeated ? reflection.GetRepeatedDouble(settings, &field, i) : reflection.GetDouble(settings, &field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return repeated ? reflection.GetRepeatedFloat(settings, &field, i) : reflection.GetFloat(settings, &field);
    default:
      throw Error(ErrorKind::kInternal, fmt::format("{}: a range on a field that is no number", field.full_name()));
  }
}

/// "at least 1 and below 2"
std::string describe(const proto::Range& range) {
  std::string text;
  const auto add = [&text](std::string_view words, double bound) {
    text += fmt::format("{}{} {}", text.empty() ? "" : " and ", words, bound);
  };
  if (range.has_min()) add("at least", range.min());
  if (range.has_above()) add("above", range.above());
  if (range.has_max()) add("at most", range.max());
  if (range.has_below()) add("below", range.below());
  return text.empty() ? "a number" : text;
}

/// False for NaN, and for infinities: no setting means one.
bool is_in(double value, const proto::Range& range) {
  return std::isfinite(value) && !(range.has_min() && value < range.min()) &&
         !(range.has_above() && value <= range.above()) && !(range.has_max() && value > range.max()) &&
         !(range.has_below() && value >= range.below());
}

bool is_floating(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE || field.cpp_type() == FieldDescriptor::CPPTYPE_FLOAT;
}

void check_field(const Message& settings, const FieldDescriptor& field, const std::string& path, Problems& problems) {
  const Reflection& reflection = *settings.GetReflection();
  if (field.options().HasExtension(proto::range) || is_floating(field)) {
    const proto::Range& range = field.options().GetExtension(proto::range);
    const int count = field.is_repeated() ? reflection.FieldSize(settings, &field) : 1;
    for (int i = 0; i < count; ++i) {
      const double value = number_of(settings, field, i);
      if (is_in(value, range)) continue;
      const std::string place = field.is_repeated() ? fmt::format("{}[{}]", path, i) : path;
      problems.push_back(fmt::format("{}: expected {}, found {}", place, describe(range), value));
    }
  }
}

void check_message(const Message& settings, const std::string& prefix, Problems& problems) {
  const google::protobuf::Descriptor& descriptor = *settings.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      check_field(settings, field, prefix + field.name(), problems);
    } else if (!field.is_repeated()) {
      check_message(settings.GetReflection()->GetMessage(settings, &field), prefix + field.name() + ".", problems);
    }
  }
}

/// What no single field can say.
void check_across_fields(const proto::Config& config, Problems& problems) {
  constexpr double kRounding = 1e-9;
  const proto::GenerateConfig& generate = config.generate();
  const double shares = generate.train_share() + generate.valid_share() + generate.test_share();
  if (shares > 1 + kRounding) {
    problems.push_back(fmt::format(
        "generate.train_share + generate.valid_share + generate.test_share: expected at most 1, found {}", shares));
  }
  const double quadrants = generate.rmat_a() + generate.rmat_b() + generate.rmat_c();
  if (quadrants > 1 + kRounding) {
    problems.push_back(
        fmt::format("generate.rmat_a + generate.rmat_b + generate.rmat_c: expected at most 1, found {}", quadrants));
  }
  if (generate.num_classes() > generate.num_nodes()) {
    problems.push_back(fmt::format("generate.num_classes: expected at most generate.num_nodes = {}, found {}",
                                   generate.num_nodes(), generate.num_classes()));
  }
  if (generate.degree_exponent() != 0 && generate.degree_exponent() <= 2) {
    problems.push_back(fmt::format("generate.degree_exponent: expected 0 (all equal) or above 2, found {}",
                                   generate.degree_exponent()));
  }
  if (generate.community_exponent() != 0 && generate.community_exponent() <= 1) {
    problems.push_back(fmt::format("generate.community_exponent: expected 0 (all equal) or above 1, found {}",
                                   generate.community_exponent()));
  }
  if (config.sampler().feature_transport() == proto::SamplerConfig::NCCL && config.device() != proto::Config::CUDA) {
    problems.push_back("sampler.feature_transport: expected MPI with device CPU, found NCCL");
  }
  if (config.has_import() && config.import().format() != proto::ImportConfig::NO_FORMAT && config.has_generate() &&
      generate.kind() != proto::GenerateConfig::NO_KIND) {
    problems.push_back("import.format and generate.kind: expected one source of the graph, found both");
  }
}

}  // namespace

void validate(const proto::Config& config) {
  Problems problems;
  check_message(config, "", problems);
  check_across_fields(config, problems);
  if (problems.empty()) return;
  std::string text = problems.size() == 1 ? "" : fmt::format("{} settings are wrong:", problems.size());
  for (const std::string& problem : problems) text += (problems.size() == 1 ? "" : "\n  ") + problem;
  throw Error(ErrorKind::kConfig, text);
}

}  // namespace gigahop::config
