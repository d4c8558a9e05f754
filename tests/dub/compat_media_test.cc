// The whole way of the public Wav2Lip on a real clip, against its stored frames.
#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/dub/lip_video.h"
#include "vl/kernels/cpu_mode.h"
#include "vl/media/wav.h"
#include "vl/models/s3fd/s3fd.h"
#include "vl/weights/fill.h"

namespace vl::dub {
namespace {

const std::string kFolder = "parity/wav2lip/";
constexpr uint64_t kSeed = 20209;

template <class Model>
std::shared_ptr<const Model> filled(const char* role, const char* params) {
  return models::build_as<Model>(
      models::read_model(role,
                         weights::read_fill(test::data(kFolder + params).string(), kSeed, false)),
      params);
}

TEST(CompatWav2Lip, FramesEqualThePublicCodeBeforeTheEncoder) {
  const std::filesystem::path clip = test::shared("assets/face/talk3.mp4");
  if (clip.empty()) GTEST_SKIP() << "talk3.mp4 shows a real person and is not in the repository";
  kernels::prepare_compute_thread();
  const auto& g = test::golden(kFolder + "golden_e2e.safetensors");
  LipModels models;
  models.finder = stages::make_face_finder(filled<models::s3fd::S3fd>("face", "params_s3fd.json"));
  models.wav2lip = filled<models::wav2lip::Wav2Lip>("wav2lip", "params.json");
  test::TempDir folder;
  LipJob job{.input = clip.string(), .out = (folder / "o.mp4").string()};
  job.info = media::probe(job.input);
  job.lips.compat = {"wav2lip"};
  job.lips.resize_factor = 2;
  job.lips.face_det_batch_size = 4;
  job.lips.wav2lip_batch_size = 8;
  std::vector<media::Image> frames;
  std::vector<stages::IntBox> boxes;
  job.on_compat_frame = [&](const media::Image& frame, const stages::IntBox& box) {
    frames.push_back(frame);
    boxes.push_back(box);
  };
  pipeline::Graph graph;
  pipeline::StageCache cache(folder / "cache", 1 << 30, false);
  WarningList warnings;
  const JobEnvironment env;
  LipVideo video(job, models, env, cache, warnings, graph);
  graph.on_thread_start([] { kernels::prepare_compute_thread(); });
  graph.stage("sound", [&](pipeline::RunState&) {
    auto speech = std::make_shared<stages::LipSound>(folder.path().string());
    const media::Pcm wave = media::read_wav(test::data("assets/speech/eng_60s_16k.wav").string());
    speech->append(wave.samples.data() + 48000, 16000);
    speech->finish();
    video.times().set({1.0, nullptr});
    video.track().set({.speech = speech, .digest = "none"});
  });
  graph.run();
  const at::Tensor want_boxes = g.at("out:e2e.boxes_x1y1x2y2");
  ASSERT_EQ(static_cast<int64_t>(frames.size()), want_boxes.size(0));
  for (size_t i = 0; i < frames.size(); ++i)
    for (size_t k = 0; k < 4; ++k)
      EXPECT_EQ(boxes[i][k],
                want_boxes[static_cast<int64_t>(i)][static_cast<int64_t>(k)].item<int64_t>())
          << i;
  const at::Tensor means = g.at("out:e2e.frame_means_bgr");
  for (size_t i = 0; i < frames.size(); ++i) {
    double sum[3] = {};
    for (size_t p = 0; p < frames[i].data.size(); ++p) sum[p % 3] += frames[i].data[p];
    for (int64_t c = 0; c < 3; ++c)
      EXPECT_NEAR(sum[c] * 3 / static_cast<double>(frames[i].data.size()),
                  means[static_cast<int64_t>(i)][c].item<double>(), 0.01)
          << "frame " << i;
  }
  for (const size_t n : {0, 11, 21}) {
    const at::Tensor want =
        g.at("out:e2e.frame" + std::to_string(n) + "_box_region_bgr_u8").contiguous();
    const stages::IntBox& b = boxes[n];
    const media::Image got =
        media::crop(frames[n], {static_cast<int>(b[0]), static_cast<int>(b[1]),
                                static_cast<int>(b[2]), static_cast<int>(b[3])});
    ASSERT_EQ(got.height, want.size(0));
    ASSERT_EQ(got.width, want.size(1));
    int worst = 0, off = 0;
    for (size_t p = 0; p < got.data.size(); ++p) {
      const int d = std::abs(int{got.data[p]} - int{want.const_data_ptr<uint8_t>()[p]});
      worst = std::max(worst, d);
      if (d != 0) ++off;
    }
    EXPECT_LE(worst, 1) << "frame " << n;
    EXPECT_LE(off, static_cast<int>(got.data.size() / 100)) << "frame " << n;
  }
}

}  // namespace
}  // namespace vl::dub
