#include "vl/dub/evaluate.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "vl/core/error.h"
#include "vl/core/result.h"
#include "vl/kernels/cpu_mode.h"
#include "vl/media/audio.h"
#include "vl/stages/sampled_video.h"
#include "vl/stages/sync_scores.h"

namespace vl::dub {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kProtocol = "voxlip-eval/1";
constexpr int kExpertSide = 96;
constexpr int64_t kSamplesPerFrame = stages::kSyncRate / stages::kSyncFps;

/// [T] at 16 kHz from the first picture on.
at::Tensor sound_from(const std::string& path, double start_s) {
  const media::Pcm pcm = media::read_audio(path, stages::kSyncRate, /*mono=*/true);
  const at::Tensor wave =
      at::tensor(at::ArrayRef<float>(pcm.samples.data(), pcm.samples.size()), at::kFloat);
  const auto skipped = static_cast<int64_t>(std::llround(start_s * stages::kSyncRate));
  if (skipped < 0) return at::constant_pad_nd(wave, {-skipped, 0});
  return wave.slice(0, std::min(skipped, wave.size(0)));
}

media::Rect inside(const std::array<double, 4>& box, const media::Image& picture) {
  const auto limit = [](double v, int most) { return std::clamp(static_cast<int>(v), 0, most); };
  media::Rect out{limit(box[0], picture.width - 1), limit(box[1], picture.height - 1),
                  limit(box[2], picture.width), limit(box[3], picture.height)};
  out.x2 = std::max(out.x2, out.x1 + 1);
  out.y2 = std::max(out.y2, out.y1 + 1);
  return out;
}

}  // namespace

/// What is scored of a file.
struct Evaluator::Clip {
  std::string path;
  std::vector<stages::FaceRun> runs;
  at::Tensor wave;
};

Evaluator::Evaluator(const std::vector<std::string>& metrics, const ModelPlaces& places,
                     WarningList& warnings) {
  for (const EvalMetric& m : eval_metrics())
    if (metrics.empty() || std::find(metrics.begin(), metrics.end(), m.name) != metrics.end())
      metrics_.emplace_back(m.name);
  ModelSet models(places);
  const auto there = [&](const std::string& role) {
    const bool noise = places.pack.empty() && !models.pack().trained && models.of_pack(role);
    if (models.has(role) && !noise) return true;
    missing_.push_back(role);
    return false;
  };
  if (wants("lse") && there("lse")) lse_ = models.get<models::lse::Lse>("lse");
  if (wants("syncnet") && there("syncnet"))
    syncnet_ = models.get<models::syncnet::SyncNet>("syncnet");
  finder_ = stages::make_face_finder(models.get<torch::nn::Module>("face"));
  models.warn_untrained(warnings);
}

bool Evaluator::wants(const std::string& role) const {
  for (const EvalMetric& m : eval_metrics())
    if (role == m.role && std::find(metrics_.begin(), metrics_.end(), m.name) != metrics_.end())
      return true;
  return false;
}

/// The largest face.
std::optional<stages::IntBox> Evaluator::face_box(const media::VideoFrame& frame,
                                                  float& best_score) const {
  const auto [width, height] = stages::look_size(*finder_, frame.width(), frame.height());
  const std::vector<stages::FoundFace> found = finder_->find_one(frame.shrunk(width, height));
  best_score = found.empty() ? 0.0F : found.front().score;
  const stages::FoundFace* largest = nullptr;
  const auto area = [](const stages::FoundFace& f) { return f.width() * f.height(); };
  for (const stages::FoundFace& f : found)
    if (f.score >= finder_->usual_score() && (largest == nullptr || area(f) > area(*largest)))
      largest = &f;
  if (largest == nullptr) return std::nullopt;
  const stages::FoundFace face =
      stages::scaled(*largest, static_cast<float>(frame.width()) / static_cast<float>(width),
                     static_cast<float>(frame.height()) / static_cast<float>(height));
  const stages::IntBox box = stages::pad_rect(stages::truncate_rect(face.box), {0, 0, 0, 0},
                                              frame.width(), frame.height());
  return stages::usable(box, frame.width(), frame.height()) ? std::optional(box) : std::nullopt;
}

std::vector<std::optional<stages::IntBox>> Evaluator::face_boxes(const std::string& path,
                                                                 const std::function<void()>& check,
                                                                 double& start_s) const {
  std::vector<std::optional<stages::IntBox>> out;
  stages::SampledVideo video(path, stages::kSyncFps);
  int64_t last = -1, best_frame = 0, frames = 0;
  float best = 0.0F;
  std::optional<stages::IntBox> box;
  while (const auto frame = video.next()) {
    check();
    if (frame->index() != last) {
      last = frame->index();
      ++frames;
      float score = 0.0F;
      box = face_box(*frame, score);
      if (score > best) best = score, best_frame = last;
    }
    out.push_back(box);
  }
  start_s = video.start_s();
  if (std::none_of(out.begin(), out.end(), [](const auto& b) { return b.has_value(); }))
    throw Error(Code::kNoFace, fmt::format("no face found in any of the {} frames", frames),
                Where{.file = path,
                      .stream = video.info().video->stream,
                      .frame = best_frame,
                      .detail = fmt::format("best score {:.2f} at frame {}", best, best_frame)},
                {"lip sync is scored for a face that looks at the camera"});
  return out;
}

EvalFigures Evaluator::run(const std::string& path, const std::function<void()>& check) const {
  const c10::InferenceMode inference;
  kernels::prepare_compute_thread();
  double start_s = 0.0;
  Clip clip{.path = path,
            .runs = stages::scored_runs(stages::face_runs(face_boxes(path, check, start_s))),
            .wave = {}};
  clip.wave = sound_from(path, start_s);
  const stages::FaceRun& longest = *std::max_element(
      clip.runs.begin(), clip.runs.end(),
      [](const auto& a, const auto& b) { return a.boxes.size() < b.boxes.size(); });
  const int64_t heard = clip.wave.size(0) / kSamplesPerFrame - longest.first;
  if (std::min(heard, static_cast<int64_t>(longest.boxes.size())) <= stages::kSyncWindow)
    throw Error(Code::kUnsupportedKind,
                fmt::format("{} has fewer than {} frames in a row with a face and sound", path,
                            stages::kSyncWindow + 1),
                Where{.file = path}, {"lip sync needs 0.24 s of a talking face"});
  return score(clip, check);
}

EvalFigures Evaluator::score(const Clip& clip, const std::function<void()>& check) const {
  std::optional<stages::LseMeter> lse;
  std::optional<stages::ExpertMeter> expert;
  if (lse_) lse.emplace(lse_);
  if (syncnet_) expert.emplace(syncnet_, stages::mel_in_blocks(clip.wave));
  if (!lse && !expert) return {};
  stages::SampledVideo video(clip.path, stages::kSyncFps);
  int64_t tick = 0;
  for (const stages::FaceRun& run : clip.runs) {
    const auto squares = stages::face_squares(run.boxes);
    for (; tick < run.end(); ++tick) {
      check();
      const auto frame = video.next();
      if (!frame) break;
      if (tick < run.first) continue;
      const auto i = static_cast<size_t>(tick - run.first);
      const media::Image picture = frame->to_bgr();
      if (lse) lse->push(stages::square_crop(picture, squares[i]));
      if (expert)
        expert->push(media::resize(media::crop(picture, inside(run.boxes[i], picture)), kExpertSide,
                                   kExpertSide));
    }
    const int64_t begin = std::min(clip.wave.size(0), run.first * kSamplesPerFrame),
                  end = std::min(clip.wave.size(0), run.end() * kSamplesPerFrame);
    if (lse) lse->end_run(clip.wave.slice(0, begin, end));
    if (expert) expert->end_run(run.first);
  }
  EvalFigures out;
  if (lse && lse->windows() > 0) {
    const stages::LseScores s = stages::lse_scores(lse->sums());
    out["lse_d"] = s.lse_d, out["lse_c"] = s.lse_c;
    out["av_offset_ms"] = static_cast<double>(s.offset) * 1000.0 / stages::kSyncFps;
  }
  if (expert && expert->windows() > 0) {
    const stages::ExpertScores s = stages::expert_scores(expert->sums());
    out["sync_cosine"] = s.cosine;
    out["sync_offset"] = static_cast<double>(s.offset);
  }
  return out;
}

Json eval_item_json(const Evaluator& evaluator, const EvalItem& item) {
  Json figures = Json::object();
  for (const std::string& name : evaluator.metrics()) {
    const auto it = item.figures.find(name);
    figures[name] = it == item.figures.end() ? Json(nullptr) : Json(it->second);
  }
  return {{"path", item.path},
          {"metrics", figures},
          {"error", item.error ? error_json(*item.error) : Json(nullptr)}};
}

Json eval_json(const Evaluator& evaluator, const std::vector<EvalItem>& items,
               const std::vector<EvalGate>& gates, const std::string& file) {
  Json metrics = Json::object(), limits = Json::array();
  for (const std::string& name : evaluator.metrics()) {
    std::vector<double> values;
    for (const EvalItem& item : items)
      if (const auto it = item.figures.find(name); it != item.figures.end())
        values.push_back(it->second);
    metrics[name] = nullptr;
    if (values.empty()) continue;
    const EvalMean m = mean_of(values);
    metrics[name] = {
        {"mean", m.mean}, {"ci95", m.ci95 ? Json(*m.ci95) : Json(nullptr)}, {"n", m.n}};
  }
  for (const EvalGate& gate : gates) {
    const Json& metric = metrics[gate.metric];
    const Json value = metric.is_null() ? Json(nullptr) : metric["mean"];
    limits.push_back({{"expr", gate.expr},
                      {"value", value},
                      {"pass", !value.is_null() && gate.holds(value.get<double>())}});
  }
  return {{"protocol", kProtocol}, {"items", items.size()},
          {"metrics", metrics},    {"missing", evaluator.missing()},
          {"gates", limits},       {"per_item", file.empty() ? Json(nullptr) : Json(file)}};
}

}  // namespace vl::dub
