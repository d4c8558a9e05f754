#include <ATen/ATen.h>

#include "vl/bench/cases.h"
#include "vl/bench/inputs.h"
#include "vl/core/sha256.h"
#include "vl/models/wav2lip/wav2lip.h"
#include "vl/stages/face_finder.h"

namespace vl::bench {

namespace {

using models::wav2lip::Wav2Lip;

constexpr int64_t kMels = 80, kColumns = 16;
constexpr int kWidth = 1280, kHeight = 720;

/// Seeded bytes as values 0 .. 1.
at::Tensor noise(uint64_t seed, at::IntArrayRef sizes) {
  return seeded_numbers(seed, sizes, 256).to(at::kFloat) / 255.0F;
}

/// One call of the generator on `batch` windows and faces, whatever the clip's length.
PreparedCase animate(const CaseRequest& r) {
  const auto model = r.models.get<Wav2Lip>("wav2lip");
  const int64_t side = model->config().image;
  Sha256 sha;
  std::vector<at::Tensor> mels, faces;
  for (int64_t i = 0; i < r.samples; ++i) {
    const auto seed = static_cast<uint64_t>(2 * i);
    mels.push_back(noise(seed, {r.batch, 1, kMels, kColumns}) * 8 - 4);
    faces.push_back(noise(seed + 1, {r.batch, 6, side, side}));
    faces.back().slice(1, 0, 3).slice(2, side / 2).zero_();
    hash(sha, mels.back()), hash(sha, faces.back());
  }
  return {.samples = r.samples,
          .query =
              [model, mels, faces](int64_t i) {
                model->forward(mels[static_cast<size_t>(i)], faces[static_cast<size_t>(i)]);
              },
          .inputs_sha256 = sha.hex(),
          .config = {{"wav2lip", config_to_json(model->config())}}};
}

/// The face of one 1280x720 picture in memory, shrunk and searched as the product does it.
PreparedCase detect(const CaseRequest& r) {
  const std::shared_ptr<const stages::FaceFinder> finder =
      stages::make_face_finder(r.models.get<torch::nn::Module>("face"));
  const auto [width, height] = stages::look_size(*finder, kWidth, kHeight);
  Sha256 sha;
  std::vector<media::Image> pictures;
  for (int64_t i = 0; i < r.samples; ++i) {
    pictures.push_back(clouds(static_cast<uint64_t>(i), kWidth, kHeight));
    sha.update(pictures.back().data.data(), pictures.back().data.size());
  }
  return {.samples = r.samples,
          .query =
              [finder, pictures, width = width, height = height](int64_t i) {
                finder->find_one(media::resize(pictures[static_cast<size_t>(i)], width, height));
              },
          .inputs_sha256 = sha.hex(),
          .config = {{"landmarks", finder->gives_landmarks()},
                     {"width", kWidth},
                     {"height", kHeight},
                     {"longest_side", finder->longest_side()}}};
}

}  // namespace

std::vector<StageCase> picture_cases() {
  return {{"wav2lip.forward", "lips_ms", animate, /*batched=*/true},
          {"faces.detect", "face_ms", detect}};
}

}  // namespace vl::bench
