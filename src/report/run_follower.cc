#include "report/run_follower.h"

#include <algorithm>

#include "train/metrics_log.h"

namespace gigahop::report {

RunFollower::News RunFollower::look() {
  News news;
  size_t place = 0;
  for (proto::Metrics& metrics : train::read_metrics(folder_ / train::kMetricsFile)) {
    std::string text = metrics.SerializeAsString();
    news.has_ended = metrics.kind() == "summary";
    if (place < told_.size() && told_[place] != text) {
      news.is_taken_back = true;
      told_.resize(place);
    }
    if (place == told_.size()) {
      told_.push_back(std::move(text));
      news.lines.push_back(std::move(metrics));
    }
    ++place;
  }
  news.is_taken_back = news.is_taken_back || place < told_.size();
  told_.resize(place);
  return news;
}

double long_silence(double usual_seconds) {
  constexpr double kLeast = 60;
  return std::max(kLeast, 3 * usual_seconds);
}

}  // namespace gigahop::report
