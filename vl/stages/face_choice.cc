#include "vl/stages/face_choice.h"

#include <algorithm>
#include <cmath>

namespace vl::stages {

namespace {

constexpr double kClearLead = 0.1;   // of the correlation over that of the next best
constexpr size_t kLeastSeries = 12;  // frames that a correlation takes

/// Keeps the faces for which `keep` holds.
template <class Keep>
void filter(SeenFrame& frame, const Keep& keep) {
  auto& f = frame.faces;
  f.erase(std::remove_if(f.begin(), f.end(), [&](const Sighting& s) { return !keep(s); }), f.end());
}

/// Area, less for faces far from the centre.
double prominence(const FoundFace& f, int width, int height) {
  const double x = (f.box[0] + f.box[2]) / 2.0 / width - 0.5,
               y = (f.box[1] + f.box[3]) / 2.0 / height - 0.5;
  return static_cast<double>(f.width()) * f.height() * (1.0 - std::min(0.9, std::hypot(x, y)));
}

}  // namespace

double correlation(const std::vector<float>& a, const std::vector<float>& b) {
  const auto n = static_cast<double>(a.size());
  double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) ma += a[i] / n, mb += b[i] / n;
  for (size_t i = 0; i < a.size(); ++i) {
    aa += (a[i] - ma) * (a[i] - ma), bb += (b[i] - mb) * (b[i] - mb);
    ab += (a[i] - ma) * (b[i] - mb);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0.0;
}

/// Of the tracks in the open window.
int FaceChoice::best_track() const {
  struct Score {
    double prominence = 0;
    std::vector<float> mouth, speech;
  };
  std::map<int, Score> scores;
  const int64_t first = count_ - static_cast<int64_t>(open_.size());
  for (size_t i = 0; i < open_.size(); ++i)
    for (const Sighting& s : open_[i].faces) {
      Score& score = scores[s.track];
      score.prominence += prominence(s.face, options_.width, options_.height);
      if (!options_.speech) continue;
      score.mouth.push_back(s.mouth);
      score.speech.push_back(options_.speech(first + static_cast<int64_t>(i)));
    }
  if (options_.select == FaceSelect::kAuto && options_.speech) {
    std::vector<std::pair<double, int>> ranks;
    ranks.reserve(scores.size());
    for (const auto& [track, score] : scores)
      ranks.emplace_back(
          score.mouth.size() >= kLeastSeries ? correlation(score.mouth, score.speech) : 0.0, track);
    std::sort(ranks.rbegin(), ranks.rend());
    if (ranks.size() == 1 || ranks[0].first - ranks[1].first >= kClearLead) return ranks[0].second;
  }
  // Whoever was chosen stays while still in sight: a lead that is not clear moves nothing.
  if (current_ && scores.count(*current_) != 0) return *current_;
  return std::max_element(
             scores.begin(), scores.end(),
             [](auto& a, auto& b) { return a.second.prominence < b.second.prominence; })
      ->first;
}

void FaceChoice::decide() {
  const bool any =
      std::any_of(open_.begin(), open_.end(), [](const SeenFrame& f) { return !f.faces.empty(); });
  if (any) current_ = best_track();
  for (SeenFrame& f : open_) {
    // Where the chosen one is out of sight, the most prominent of the others speaks.
    const bool there = std::any_of(f.faces.begin(), f.faces.end(),
                                   [&](const Sighting& s) { return s.track == *current_; });
    if (there) filter(f, [&](const Sighting& s) { return s.track == *current_; });
    chosen_.push_back(std::move(f));
    if (!there && chosen_.back().faces.size() > 1) {
      auto& faces = chosen_.back().faces;
      std::swap(faces.front(), *std::max_element(faces.begin(), faces.end(), [&](auto& a, auto& b) {
                  return prominence(a.face, options_.width, options_.height) <
                         prominence(b.face, options_.width, options_.height);
                }));
      faces.resize(1);
    }
  }
  open_.clear();
}

void FaceChoice::push(SeenFrame frame) {
  if (options_.track || options_.select == FaceSelect::kAll ||
      options_.select == FaceSelect::kScore) {
    if (options_.track) {
      filter(frame, [&](const Sighting& s) { return s.track == *options_.track; });
    } else if (options_.select == FaceSelect::kScore && frame.faces.size() > 1) {
      auto& faces = frame.faces;
      std::swap(faces.front(), *std::max_element(faces.begin(), faces.end(), [](auto& a, auto& b) {
                  return a.face.score < b.face.score;
                }));
      faces.resize(1);
    }
    chosen_.push_back(std::move(frame));
    ++count_;
    return;
  }
  if (frame.cut) {
    decide();
    current_.reset();
  }
  ++count_;
  if (open_.empty() && frame.faces.size() <= 1) {
    if (!frame.faces.empty()) current_ = frame.faces.front().track;
    chosen_.push_back(std::move(frame));
    return;
  }
  open_.push_back(std::move(frame));
  if (static_cast<int64_t>(open_.size()) >= options_.window) decide();
}

void FaceChoice::finish() { decide(); }

std::optional<SeenFrame> FaceChoice::pop() {
  if (chosen_.empty()) return std::nullopt;
  SeenFrame out = std::move(chosen_.front());
  chosen_.pop_front();
  return out;
}

}  // namespace vl::stages
