#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "tests/support/torch_wav.h"
#include "vl/dsp/mel.h"
#include "vl/models/hifigan/import.h"
#include "vl/stages/vocode_line.h"
#include "vl/weights/checkpoint.h"

namespace vl::stages {
namespace {

/// Log-mel L1 distance of real speech to what the real LJ_V2 vocoder makes of its mel, and the
/// waveform: parity/fastpitch/README.md and vocoder_lj_v2.json.
TEST(CopySynthesis, RealVocoderFromRealSpeech) {
  weights::Checkpoint file =
      weights::read_checkpoint(test::data("assets/hifigan/generator_v2").string());
  const auto vocoder = models::build_as<models::hifigan::Generator>(
      models::hifigan::hifigan_class().import(file), "generator_v2");
  const VocodeLine vocode(vocoder, 0);
  const auto& golden = test::golden("parity/fastpitch/vocoder_lj_v2.golden.safetensors");
  const struct {
    const char *file, *name;
    double l1;
  } rows[] = {{"LJ011-0202_ground-truth.wav", "LJ011-0202", 0.2999155521392822},
              {"LJ042-0094_ground-truth.wav", "LJ042-0094", 0.3131747245788574}};
  for (const auto& row : rows) {
    const at::Tensor mel =
        dsp::log_mel(test::wav(std::string("assets/speech/") + row.file), dsp::MelKind::kHifigan);
    std::vector<at::Tensor> parts;
    vocode.run({.mel = mel[0]},
               {.first_chunk = 64, .fade_frames = 0, .sink = [&](const at::Tensor& wave) {
                  parts.push_back(wave.clone());
                }});
    const at::Tensor audio = at::cat(parts).unsqueeze(0);
    test::expect_close(row.name, audio, golden.at(std::string("out:") + row.name + ".audio"),
                       2 * 2.3e-4);
    const at::Tensor again = dsp::log_mel(audio, dsp::MelKind::kHifigan);
    const double l1 = (again - mel.slice(2, 0, again.size(2))).abs().mean().item<double>();
    EXPECT_NEAR(l1, row.l1, 1e-4) << row.name;
  }
}

}  // namespace
}  // namespace vl::stages
