#include "launch/stage_log.h"

#include "array/manifest.h"
#include "base/files.h"
#include "comm/agree.h"
#include "comm/collectives.h"
#include "comm/lock_folder.h"

namespace gigahop::launch {

StageLog::StageLog(const comm::Communicator& comm, const std::filesystem::path& workspace)
    : path_(workspace / "stages.textproto"), lock_(comm::lock_folder(comm, workspace)), comm_(comm) {
  std::string text;
  comm::agree(comm, [&] {
    if (comm.rank() == 0 && std::filesystem::exists(path_)) text = read_text_file(path_);
  });
  text = comm::broadcast_text(comm, text, 0);
  array::parse_text_proto(text, path_.string(), stages_);
}

int StageLog::find(const std::string& stage) const {
  for (int i = 0; i < stages_.stage_size(); ++i) {
    if (stages_.stage(i).name() == stage) return i;
  }
  return -1;
}

StageState StageLog::state(const std::string& stage, uint64_t settings, uint64_t input,
                           const std::filesystem::path& output) const {
  StageState answer = StageState::kNew;
  if (comm_.rank() == 0) answer = look(stage, settings, input, output);
  comm::broadcast(comm_, std::span(&answer, 1), 0);
  return answer;
}

StageState StageLog::look(const std::string& stage, uint64_t settings, uint64_t input,
                          const std::filesystem::path& output) const {
  const int at = find(stage);
  if (at < 0 || !std::filesystem::exists(output)) return StageState::kNew;
  const proto::Stage& known = stages_.stage(at);
  if (known.settings() != settings || known.input() != input) return StageState::kNew;
  return known.done() ? StageState::kDone : StageState::kBegun;
}

void StageLog::begin(const std::string& stage, uint64_t settings, uint64_t input) {
  const int at = find(stage);
  if (at >= 0) stages_.mutable_stage()->DeleteSubrange(at, stages_.stage_size() - at);
  proto::Stage& begun = *stages_.add_stage();
  begun.set_name(stage);
  begun.set_settings(settings);
  begun.set_input(input);
  begun.set_done(false);
  save();
}

void StageLog::finish(const std::string& stage) {
  const int at = find(stage);
  if (at < 0) return;
  stages_.mutable_stage(at)->set_done(true);
  save();
}

void StageLog::save() const {
  if (comm_.rank() == 0) array::write_text_proto(path_, stages_);
}

}  // namespace gigahop::launch
