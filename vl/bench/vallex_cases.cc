#include <algorithm>
#include <numeric>

#include <ATen/ATen.h>

#include "vl/bench/cases.h"
#include "vl/bench/inputs.h"
#include "vl/core/clock.h"
#include "vl/core/sha256.h"
#include "vl/dsp/sinc_resample.h"
#include "vl/kernels/gemv/gemv.h"
#include "vl/kernels/team.h"
#include "vl/stages/speak_codec.h"

namespace vl::bench {

namespace {

using models::encodec::Encodec;
using models::vallex::ArState;
using models::vallex::LmInput;
using models::vallex::Vallex;
using models::vocos::Vocos;

constexpr double kPromptSeconds = 3;
constexpr int64_t kPromptFrames = 225, kTextTokens = 60;
constexpr int64_t kFirstSymbol = 5, kSymbols = 65;  // of the public text table
constexpr int64_t kScored = 200;                    // forced tokens that compare two engines
constexpr int64_t kBandwidthId = 2, kBooks = 8;
constexpr int kReads = 5;

int64_t frames_of(const CaseRequest& r) {
  return std::max<int64_t>(1, static_cast<int64_t>(r.clip_s * stages::kFramesPerSecond));
}

LmInput lm_input(int64_t sample) {
  const auto seed = static_cast<uint64_t>(sample);
  return {.text_tokens = seeded_numbers(3 * seed, {kTextTokens}, kSymbols) + kFirstSymbol,
          .language_ids = at::zeros({kTextTokens}, at::kLong),
          .prompt_codes =
              seeded_numbers(3 * seed + 1, {kPromptFrames, kBooks}, models::vallex::kCodebookSize)};
}

/// The frames of codebook 0 that a sample's speech has.
at::Tensor frames(int64_t sample, int64_t count) {
  return seeded_numbers(3 * static_cast<uint64_t>(sample) + 2, {count},
                        models::vallex::kCodebookSize);
}

std::string hash_of(const CaseRequest& r, int64_t count) {
  Sha256 sha;
  const auto add = [&](const at::Tensor& t) { hash(sha, t); };
  for (int64_t i = 0; i < r.samples; ++i) {
    const LmInput in = lm_input(i);
    add(in.text_tokens);
    add(in.prompt_codes.contiguous());
    add(frames(i, count));
  }
  return sha.hex();
}

/// What one step reads of the weights: the matrices of the autoregressive layers and its head.
std::vector<at::Tensor> step_weights(const Vallex& lm) {
  std::vector<at::Tensor> out;
  for (const auto& item : lm.named_parameters())
    if (item.value().dim() == 2 &&
        (item.key().rfind("ar_decoder.", 0) == 0 || item.key() == "ar_predict_layer.weight"))
      out.push_back(item.value());
  return out;
}

/// Seconds that all threads together need to read the tensors once.
double read_seconds(const std::vector<at::Tensor>& tensors) {
  std::vector<double> times;
  for (int i = 0; i < kReads; ++i) {
    const double begin = now_ms();
    kernels::run_team([&](const kernels::TeamMember& me) {
      for (const at::Tensor& t : tensors) {
        const auto part = me.share(static_cast<int64_t>(t.nbytes()), 1 << 16);
        volatile const float sink = kernels::read_through(
            static_cast<const char*>(t.const_data_ptr()) + part.begin, part.end - part.begin);
        static_cast<void>(sink);
      }
    });
    times.push_back((now_ms() - begin) / 1000);
  }
  std::nth_element(times.begin(), times.begin() + kReads / 2, times.end());
  return times[kReads / 2];
}

/// The bandwidth of a step beside what the machine reads from the same weights.
std::vector<std::string> bandwidth(const Vallex& lm, const ArState& state, double step_ms) {
  const std::vector<at::Tensor> weights = step_weights(lm);
  double bytes = 0;
  for (const at::Tensor& t : weights) bytes += static_cast<double>(t.nbytes());
  const double machine = bytes / read_seconds(weights) / 1e9;
  double cache = 0;
  for (const auto& layer : state.layers)
    cache += 2.0 * static_cast<double>(state.rows * lm.config().dim) *
             static_cast<double>(layer.keys.element_size());
  const double reached = (bytes + cache) / step_ms / 1e6;
  return {
      fmt::format("{:.1f} steps/s; a step reads {:.1f} MB of weights and {:.1f} MB of keys "
                  "and values: {:.1f} GB/s, {:.0f} % of the {:.1f} GB/s that {} threads read "
                  "from these weights",
                  1000 / step_ms, bytes / 1e6, cache / 1e6, reached, 100 * reached / machine,
                  machine, kernels::team_threads())};
}

nlohmann::json work(const Vallex& lm, int64_t count) {
  return {{"vallex", config_to_json(lm.config())},
          {"text_tokens", kTextTokens},
          {"prompt_frames", kPromptFrames},
          {"frames", count}};
}

/// One step in the middle of the clip; the row it adds is dropped again.
PreparedCase ar_step(const CaseRequest& r) {
  const auto lm = r.models.get<Vallex>("vallex");
  const int64_t count = frames_of(r);
  at::Tensor logits;
  auto state = std::make_shared<ArState>(lm->prefill(lm_input(0), &logits));
  const at::Tensor before = frames(0, count);
  for (int64_t i = 0; i < count / 2; ++i) lm->step(before.narrow(0, i, 1), *state);
  const at::Tensor tokens = frames(1, r.samples);
  return {.samples = r.samples,
          .query =
              [lm, state, tokens](int64_t i) {
                lm->step(tokens.narrow(0, i, 1), *state);
                state->drop(1);
              },
          .inputs_sha256 = hash_of(r, count),
          .config = work(*lm, count),
          .logits = [lm] { return lm->forced_logits(lm_input(0), frames(0, kScored)); },
          .remarks = [lm, state](double p50_ms) { return bandwidth(*lm, *state, p50_ms); }};
}

PreparedCase prefill(const CaseRequest& r) {
  const auto lm = r.models.get<Vallex>("vallex");
  std::vector<LmInput> in;
  for (int64_t i = 0; i < r.samples; ++i) in.push_back(lm_input(i));
  return {.samples = r.samples,
          .query =
              [lm, in](int64_t i) {
                at::Tensor logits;
                lm->prefill(in[static_cast<size_t>(i)], &logits);
              },
          .inputs_sha256 = hash_of(r, 1),
          .config = work(*lm, 0)};
}

PreparedCase nar(const CaseRequest& r) {
  const auto lm = r.models.get<Vallex>("vallex");
  const int64_t count = frames_of(r);
  return {.samples = r.samples,
          .query = [lm, count](int64_t i) { lm->nar(lm_input(i), frames(i, count), {}); },
          .inputs_sha256 = hash_of(r, count),
          .config = work(*lm, count)};
}

at::Tensor prompt_wave(int64_t sample) {
  const at::Tensor wave = speech_input(static_cast<uint64_t>(sample), kPromptSeconds).wave;
  return dsp::sinc_resample(wave, 16000, stages::kCodecRate).reshape({1, 1, -1});
}

/// EnCodec over the prompt, Vocos over the clip.
PreparedCase codec(const CaseRequest& r) {
  const auto encodec = r.models.get<Encodec>("codec");
  const auto vocos = r.models.get<Vocos>("vocos");
  const int64_t count = frames_of(r);
  std::vector<at::Tensor> waves, codes;
  Sha256 sha;
  for (int64_t i = 0; i < r.samples; ++i) {
    waves.push_back(prompt_wave(i).contiguous());
    codes.push_back(seeded_numbers(static_cast<uint64_t>(i), {1, kBooks, count},
                                   models::vallex::kCodebookSize));
    hash(sha, waves.back());
    hash(sha, codes.back());
  }
  return {.samples = r.samples,
          .query =
              [encodec, vocos, waves, codes](int64_t i) {
                encodec->encode(waves[static_cast<size_t>(i)], kBooks);
                vocos->decode(codes[static_cast<size_t>(i)], kBandwidthId);
              },
          .inputs_sha256 = sha.hex(),
          .config = {{"codec", config_to_json(encodec->config())},
                     {"vocos", config_to_json(vocos->config())},
                     {"prompt_s", kPromptSeconds},
                     {"frames", count}}};
}

/// A prompt and text to speech: EnCodec, both stages of the language model, Vocos.
PreparedCase clone(const CaseRequest& r) {
  const auto lm = r.models.get<Vallex>("vallex");
  const auto encodec = r.models.get<Encodec>("codec");
  const auto vocos = r.models.get<Vocos>("vocos");
  const int64_t count = frames_of(r);
  std::vector<at::Tensor> waves;
  for (int64_t i = 0; i < r.samples; ++i) waves.push_back(prompt_wave(i).contiguous());
  const auto query = [=](int64_t i) {
    models::vallex::GenerateRequest request{.input = lm_input(i), .options = {}};
    request.input.prompt_codes =
        encodec->encode(waves[static_cast<size_t>(i)], kBooks).codes[0].t().contiguous();
    request.options.seed = static_cast<uint64_t>(i);
    request.options.fixed_frames = count;
    const auto spoken = lm->generate(request);
    vocos->decode(spoken.codes.t().unsqueeze(0).contiguous(), kBandwidthId);
  };
  nlohmann::json config = work(*lm, count);
  config["codec"] = config_to_json(encodec->config());
  config["vocos"] = config_to_json(vocos->config());
  return {
      .samples = r.samples, .query = query, .inputs_sha256 = hash_of(r, count), .config = config};
}

}  // namespace

std::vector<StageCase> vallex_cases() {
  return {{"vallex.ar_step", "ar_step_us", ar_step},
          {"vallex.prefill", "", prefill},
          {"vallex.nar", "nar_ms", nar},
          {"vallex.codec", "codec_ms", codec},
          {"vallex.clone", "", clone}};
}

}  // namespace vl::bench
