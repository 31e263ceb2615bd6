/// Which settings a resumed run must share with its checkpoint, and which are worth a word when they changed.
#pragma once

#include <string>
#include <vector>

#include "proto/config.pb.h"

namespace gigahop::train {

/// What decides where in the data a step stands cannot change on the way. Error{kConfig} naming the setting.
void require_resumable(const proto::Config& saved, const proto::Config& now);

/// The sampler's settings but for those that only say when the work is done, and in how much memory: what shapes a
/// result.
proto::SamplerConfig shaping(proto::SamplerConfig sampler);

/// Other settings that shape the result and differ, by their paths. How far a run goes is not among them, unless the
/// learning rate depends on it. What shapes the model is refused elsewhere.
std::vector<std::string> changed_settings(const proto::Config& saved, const proto::Config& now);

}  // namespace gigahop::train
