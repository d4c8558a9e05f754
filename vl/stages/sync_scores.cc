#include "vl/stages/sync_scores.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include <ATen/ATen.h>

#include "vl/dsp/mfcc.h"
#include "vl/dsp/wav2lip_mel.h"

namespace vl::stages {

namespace {

constexpr int64_t kFaceBatch = 8, kSoundBatch = 128, kBlock = 256;
constexpr double kEps = 1e-6;
constexpr int64_t kSamplesPerFrame = kSyncRate / kSyncFps;
constexpr int64_t kColumnStep = kSamplesPerFrame / dsp::kMfccHop;

/// embed(windows [begin, end)) in batches.
template <class Embed>
at::Tensor in_batches(int64_t windows, const Embed& embed) {
  std::vector<at::Tensor> out;
  for (int64_t begin = 0; begin < windows; begin += kSoundBatch)
    out.push_back(embed(begin, std::min(windows, begin + kSoundBatch)));
  return at::cat(out);
}

}  // namespace

double SyncSums::mean(size_t shift) const {
  return count[shift] > 0 ? sum[shift] / static_cast<double>(count[shift])
                          : std::numeric_limits<double>::quiet_NaN();
}

void add_distances(const at::Tensor& video, const at::Tensor& audio, SyncSums& sums) {
  const int64_t n = video.size(0);
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t end = std::min(n, begin + kBlock);
    const at::Tensor v = video.slice(0, begin, end).to(at::kDouble);
    const int64_t from = std::clamp<int64_t>(begin - kSyncReach, 0, audio.size(0)),
                  to = std::clamp<int64_t>(end + kSyncReach, from, audio.size(0));
    const int64_t before = from - (begin - kSyncReach), after = end + kSyncReach - to;
    const at::Tensor a =
        at::constant_pad_nd(audio.slice(0, from, to).to(at::kDouble), {0, 0, before, after});
    for (size_t k = 0; k < kSyncShifts; ++k) {
      const auto first = static_cast<int64_t>(k);
      const at::Tensor d = (v - a.slice(0, first, first + end - begin) + kEps).norm(2, {1});
      sums.sum[k] += d.sum().item<double>();
      sums.count[k] += end - begin;
    }
  }
}

void add_cosines(const at::Tensor& video, const at::Tensor& audio, int64_t first, SyncSums& sums) {
  for (size_t k = 0; k < kSyncShifts; ++k) {
    const int64_t start = first + static_cast<int64_t>(k) - kSyncReach;  // partner of window 0
    const int64_t from = std::max<int64_t>(0, -start),
                  to = std::min(video.size(0), audio.size(0) - start);
    if (from >= to) continue;
    sums.sum[k] += (video.slice(0, from, to).to(at::kDouble) *
                    audio.slice(0, start + from, start + to).to(at::kDouble))
                       .sum()
                       .item<double>();
    sums.count[k] += to - from;
  }
}

LseScores lse_scores(const SyncSums& sums) {
  std::array<double, kSyncShifts> means = {};
  for (size_t k = 0; k < kSyncShifts; ++k) means[k] = sums.mean(k);
  const auto best = std::min_element(means.begin(), means.end());
  const double least = *best;
  const int64_t offset = best - means.begin() - kSyncReach;
  std::nth_element(means.begin(), means.begin() + kSyncReach, means.end());
  return {.lse_d = least, .lse_c = means[kSyncReach] - least, .offset = offset};
}

ExpertScores expert_scores(const SyncSums& sums) {
  ExpertScores out{.cosine = sums.mean(kSyncReach)};
  double best = sums.mean(kSyncReach);
  for (int64_t distance = 1; distance <= kSyncReach; ++distance)
    for (const int64_t shift : {-distance, distance}) {
      const double mean = sums.mean(static_cast<size_t>(shift + kSyncReach));
      if (mean > best) best = mean, out.offset = shift;
    }
  return out;
}

LseMeter::LseMeter(std::shared_ptr<const models::lse::Lse> net)
    : net_(std::move(net)),
      pictures_([model = net_](const at::Tensor& x) { return model->embed_faces(x); }, kFaceBatch) {
}

void LseMeter::push(const media::Image& crop) {
  assert(crop.width == models::lse::kSide && crop.height == models::lse::kSide);
  pictures_.push(picture_planes(crop, 0, crop.height));
}

at::Tensor LseMeter::embed_sound(const at::Tensor& wave, int64_t windows) const {
  const at::Tensor columns =
      dsp::mfcc(wave).unfold(1, models::lse::kColumns, kColumnStep).transpose(0, 1).unsqueeze(1);
  return in_batches(windows, [&](int64_t begin, int64_t end) {
    return net_->embed_audio(columns.slice(0, begin, end).contiguous());
  });
}

void LseMeter::end_run(const at::Tensor& wave) {
  const int64_t frames = std::min(pictures_.pictures(), wave.numel() / kSamplesPerFrame);
  const int64_t windows = frames - kSyncWindow;
  const at::Tensor video = pictures_.finish();
  if (windows <= 0) return;
  add_distances(video.slice(0, 0, windows), embed_sound(wave, windows), sums_);
  windows_ += windows;
}

at::Tensor mel_in_blocks(const at::Tensor& wave) {
  constexpr int64_t kColumns = 4800;
  const int64_t columns = wave.size(0) / dsp::kLipHop + 1;
  std::vector<at::Tensor> out;
  for (int64_t begin = 0; begin < columns; begin += kColumns) {
    const int64_t end = std::min(begin + kColumns, columns);
    const dsp::LipCut cut = dsp::lip_cut(wave.size(0), begin, end);
    out.push_back(dsp::wav2lip_mel(wave.slice(0, cut.begin, cut.end))
                      .slice(1, cut.skip, cut.skip + end - begin));
  }
  return at::cat(out, 1);
}

ExpertMeter::ExpertMeter(std::shared_ptr<const models::syncnet::SyncNet> net, const at::Tensor& mel)
    : net_(std::move(net)),
      pictures_([model = net_](const at::Tensor& x) { return model->embed_faces(x); }, kFaceBatch) {
  std::vector<int64_t> starts;
  const auto start_of = [](size_t frame) { return static_cast<int64_t>(frame) * 80 / kSyncFps; };
  while (start_of(starts.size()) + dsp::kLipWindow <= mel.size(1))
    starts.push_back(start_of(starts.size()));
  if (starts.empty()) return;
  audio_ = in_batches(static_cast<int64_t>(starts.size()), [&](int64_t begin, int64_t end) {
    std::vector<at::Tensor> batch;
    for (int64_t i = begin; i < end; ++i) {
      const int64_t s = starts[static_cast<size_t>(i)];
      batch.push_back(mel.slice(1, s, s + dsp::kLipWindow));
    }
    return net_->embed_audio(at::stack(batch).unsqueeze(1));
  });
}

void ExpertMeter::push(const media::Image& face) {
  assert(face.width == models::syncnet::kFaceWidth);
  pictures_.push(picture_planes(face, face.height / 2, face.height) / 255.0F);
}

void ExpertMeter::end_run(int64_t first) {
  const at::Tensor video = pictures_.finish();
  if (!video.defined() || !audio_.defined()) return;
  add_cosines(video, audio_, first, sums_);
  windows_ = sums_.count[kSyncReach];
}

}  // namespace vl::stages
