#include "config/config.h"

#include <fstream>

#include <gtest/gtest.h>

#include "base/error.h"
#include "config/defaults.h"

namespace gigahop::config {
namespace {

std::filesystem::path file_with(const std::string& text) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "config_test";
  std::filesystem::create_directories(folder);
  const std::filesystem::path path = folder / "config.textproto";
  std::ofstream(path) << text;
  return path;
}

/// What the call says when it throws Error{kConfig}; "" if it does not.
std::string complaint(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::kConfig);
    return error.what();
  }
  return "";
}

std::string override_complaint(const std::string& assignment) {
  return complaint([&] {
    proto::Config config;
    apply_override(config, assignment);
  });
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Load, an_empty_path_gives_the_defaults_and_they_are_valid) {
  const proto::Config config = load_config({});
  EXPECT_EQ(config.train().batch_size(), 1024);
  validate(config);
}

TEST(Load, reads_what_the_file_says) {
  const proto::Config config = load_config(file_with("seed: 7\nmodel { attention: LOCAL }\n"));
  EXPECT_EQ(config.seed(), 7U);
  EXPECT_EQ(config.model().attention(), proto::ModelConfig::LOCAL);
  EXPECT_EQ(config.model().hidden_width(), 128);
}

TEST(Load, names_line_and_column_of_an_unknown_field_and_what_it_may_have_meant) {
  const auto path = file_with("seed: 7\ntrain {\n  epocs: 3\n}\n");
  const std::string text = complaint([&] { load_config(path); });
  EXPECT_TRUE(contains(text, path.string() + ":3:")) << text;
  EXPECT_TRUE(contains(text, "epocs")) << text;
  EXPECT_TRUE(contains(text, "did you mean epochs?")) << text;
}

TEST(Load, names_line_and_column_of_a_value_of_the_wrong_type) {
  const std::string text = complaint([&] { load_config(file_with("seed: 7\ntrain { epochs: many }\n")); });
  EXPECT_TRUE(contains(text, ":2:17: ")) << text;
  EXPECT_NE(complaint([] { load_config(file_with("model { attention: SIDEWAYS }")); }), "");
}

TEST(Load, a_missing_file_is_an_error_that_names_it) {
  EXPECT_TRUE(contains(complaint([] { load_config("/nowhere/x.textproto"); }), "/nowhere/x.textproto"));
}

TEST(Load, what_never_ends_is_an_error_that_names_it) {
  EXPECT_TRUE(contains(complaint([] { load_config("/dev/zero"); }), "/dev/zero: expected at most 1,048,576 bytes"));
}

TEST(Override, sets_numbers_enums_strings_and_lists) {
  proto::Config config;
  apply_override(config, "train.epochs=3");
  apply_override(config, "model.attention=local");
  apply_override(config, "workspace=some folder/with \"quotes\"");
  apply_override(config, "encode.fastrp_weights=[0, 1, 2.5]");
  apply_override(config, "import.source=[a.gz,b.gz]");
  apply_override(config, "partition.directed=true");
  apply_override(config, " train.learning_rate = 1e-2");
  EXPECT_EQ(config.train().epochs(), 3);
  EXPECT_EQ(config.model().attention(), proto::ModelConfig::LOCAL);
  EXPECT_EQ(config.workspace(), "some folder/with \"quotes\"");
  ASSERT_EQ(config.encode().fastrp_weights_size(), 3);
  EXPECT_EQ(config.encode().fastrp_weights(2), 2.5);
  ASSERT_EQ(config.import().source_size(), 2);
  EXPECT_EQ(config.import().source(1), "b.gz");
  EXPECT_TRUE(config.partition().directed());
  EXPECT_EQ(config.train().learning_rate(), 1e-2);
}

TEST(Override, replaces_a_list_instead_of_adding_to_it) {
  proto::Config config;
  apply_override(config, "import.source=a.gz");
  apply_override(config, "import.source=b.gz");
  ASSERT_EQ(config.import().source_size(), 1);
  apply_override(config, "import.source=[]");
  EXPECT_EQ(config.import().source_size(), 0);
}

TEST(Override, complains_about_unknown_names_with_a_suggestion) {
  EXPECT_TRUE(contains(override_complaint("train.epoch=3"), "did you mean epochs?"));
  EXPECT_TRUE(contains(override_complaint("trian.epochs=3"), "did you mean train?"));
  EXPECT_TRUE(contains(override_complaint("zzzzzzzzzz=3"), "the fields here are workspace"));
  EXPECT_TRUE(contains(override_complaint("train=3"), "a group of settings"));
  EXPECT_TRUE(contains(override_complaint("seed.low=3"), "nothing after seed"));
  EXPECT_TRUE(contains(override_complaint("train.epochs"), "path=value"));
}

TEST(Override, complains_about_values_and_changes_nothing) {
  EXPECT_TRUE(contains(override_complaint("model.attention=SIDEWAYS"), "one of FULL, LOCAL, GLOBAL, NONE"));
  EXPECT_TRUE(contains(override_complaint("train.epochs=many"), "int32"));
  EXPECT_NE(override_complaint("train.epochs="), "");
  EXPECT_NE(override_complaint("train.epochs=3 batch_size: 4"), "");
  EXPECT_NE(override_complaint("train.epochs=3000000000"), "");
}

TEST(Validate, lists_every_problem_at_once) {
  proto::Config config;
  config.mutable_train()->set_epochs(-1);
  config.mutable_train()->set_learning_rate(0);
  config.mutable_model()->set_dropout_encoder(1);
  config.mutable_model()->set_num_codewords(70000);
  config.mutable_generate()->set_train_share(0.9);
  config.mutable_encode()->add_fastrp_weights(std::numeric_limits<double>::quiet_NaN());
  const std::string text = complaint([&] { validate(config); });
  for (const char* part :
       {"6 settings", "train.epochs: expected at least 0, found -1", "train.learning_rate: expected above 0, found 0",
        "model.dropout_encoder: expected at least 0 and below 1, found 1",
        "model.num_codewords: expected at least 1 and at most 65535, found 70000", "generate.train_share",
        "encode.fastrp_weights[0]"}) {
    EXPECT_TRUE(contains(text, part)) << part << " is not in\n" << text;
  }
}

TEST(Validate, wants_gpus_for_rows_that_go_from_gpu_to_gpu) {
  proto::Config config;
  config.mutable_sampler()->set_feature_transport(proto::SamplerConfig::NCCL);
  EXPECT_TRUE(
      contains(complaint([&] { validate(config); }), "sampler.feature_transport: expected MPI with device CPU"));
  config.set_device(proto::Config::CUDA);
  validate(config);
}

TEST(Validate, accepts_the_ends_of_closed_ranges) {
  proto::Config config;
  config.mutable_train()->set_epochs(0);
  config.mutable_model()->set_num_codewords(65535);
  config.mutable_generate()->set_mixing(1);
  validate(config);
}

TEST(Print, is_read_back_as_the_same_settings_with_defaults) {
  proto::Config config;
  config.set_seed(99);
  config.mutable_train()->set_learning_rate(0.1234567890123);
  config.mutable_encode()->add_fastrp_weights(0.5);
  config.mutable_import()->add_source("a \"b\"\n");
  const std::string text = print_config(config);
  EXPECT_TRUE(contains(text, "batch_size: 1024")) << text;
  const proto::Config again = load_config(file_with(text));
  fill_defaults(config);
  EXPECT_EQ(config.SerializeAsString(), again.SerializeAsString());
}

TEST(Fingerprint, depends_on_the_settings_and_not_on_how_they_were_given) {
  proto::TrainConfig unset;
  proto::TrainConfig set;
  set.set_epochs(unset.epochs());
  EXPECT_EQ(fingerprint(unset), fingerprint(set));
  set.set_epochs(unset.epochs() + 1);
  EXPECT_NE(fingerprint(unset), fingerprint(set));

  proto::ImportConfig no_text;
  proto::ImportConfig empty_text;
  empty_text.set_features("");
  EXPECT_EQ(fingerprint(no_text), fingerprint(empty_text));
}

}  // namespace
}  // namespace gigahop::config
