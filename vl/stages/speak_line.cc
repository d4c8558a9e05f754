#include "vl/stages/speak_line.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::stages {

using models::fastpitch::FastPitchControls;
using models::fastpitch::FastPitchPlan;
using text::FastPitchLine;
using text::SpeechStyle;

namespace {

const double kSilence = std::log(1e-5);  // the floor of both mel front ends
// Seconds, about those of read English.
constexpr double kUsualPause = 0.06, kUsualSonorant = 0.08, kUsualObstruent = 0.07;

int64_t longest(const std::vector<FastPitchLine>& lines) {
  size_t out = 0;
  for (const FastPitchLine& line : lines) out = std::max(out, line.ids.size());
  return static_cast<int64_t>(out);
}

/// One number a symbol, [lines, S]; `other` behind a line's end and wherever `value` gives it.
/// @return undefined when all are `other`
template <class Value>
at::Tensor by_symbol(const std::vector<FastPitchLine>& lines, double other, const Value& value) {
  at::Tensor out =
      at::full({static_cast<int64_t>(lines.size()), longest(lines)}, other, at::kFloat);
  bool any = false;
  auto cells = out.accessor<float, 2>();
  for (size_t b = 0; b < lines.size(); ++b)
    for (size_t i = 0; i < lines[b].styles.size(); ++i) {
      const double v = value(lines[b].styles[i]);
      any = any || v != other;
      cells[static_cast<int64_t>(b)][static_cast<int64_t>(i)] = static_cast<float>(v);
    }
  return any ? out : at::Tensor();
}

at::Tensor in_the_middle(const at::Tensor& t) { return t.defined() ? t.unsqueeze(1) : t; }

/// Puts the breaks between the symbols' frames.
LineMel with_breaks(const at::Tensor& mel, const FastPitchLine& line,
                    const std::vector<int64_t>& repeats, const std::vector<int64_t>& breaks) {
  LineMel out;
  std::vector<at::Tensor> parts;
  int64_t from = 0, frame = 0, written = 0;
  size_t next = 0;
  for (size_t i = 0; i <= line.ids.size(); ++i) {
    for (; next < line.breaks.size() && line.breaks[next].symbol == i; ++next) {
      parts.push_back(mel.slice(1, from, frame));
      parts.push_back(at::full({mel.size(0), breaks[next]}, kSilence, mel.options()));
      written += frame - from + breaks[next];
      from = frame;
    }
    if (i == line.ids.size()) break;
    out.starts.push_back(written + frame - from);
    frame += repeats[i];
    out.ends.push_back(written + frame - from);
  }
  parts.push_back(mel.slice(1, from, frame));
  out.mel = at::cat(parts, 1);
  return out;
}

at::Tensor gain_of(const FastPitchLine& line, const LineMel& mel) {
  const auto plain = [](const SpeechStyle& s) { return s.gain_db == 0; };
  if (std::all_of(line.styles.begin(), line.styles.end(), plain)) return {};
  at::Tensor out = at::ones({mel.mel.size(1)});
  for (size_t i = 0; i < line.styles.size(); ++i)
    out.slice(0, mel.starts[i], mel.ends[i]).fill_(std::pow(10.0, line.styles[i].gain_db / 20.0));
  return out;
}

}  // namespace

SpeakLine::SpeakLine(std::shared_ptr<const models::fastpitch::FastPitch> model,
                     const text::SymbolSet& symbols, const SpeakLineOptions& options)
    : model_(std::move(model)), symbols_(symbols), options_(options) {
  const auto& c = model_->config();
  if (c.n_symbols != static_cast<int64_t>(symbols_.size()))
    throw Error(Code::kBadWeights,
                fmt::format("the FastPitch model has {} symbols, its symbol set {} has {}",
                            c.n_symbols, symbols_.name(), symbols_.size()),
                {}, {"give the configuration that belongs to these weights"});
  if (options_.speaker < 0 || options_.speaker >= c.n_speakers)
    throw Error(Code::kBadValue,
                fmt::format("no speaker {}: the FastPitch model has {}", options_.speaker,
                            c.n_speakers == 1 ? "one, 0"
                                              : fmt::format("speakers 0 to {}", c.n_speakers - 1)),
                {}, {"see --tts-speaker"});
  if (options_.energy_scale != 1.0 && !c.energy_conditioning)
    fail(Code::kBadValue, "this FastPitch model has no energy that --energy-scale could change");
}

double SpeakLine::frame_seconds() const {
  const auto& c = model_->config();
  return static_cast<double>(c.hop_length) / static_cast<double>(c.sampling_rate);
}

double SpeakLine::frames_of(double seconds) const { return seconds / frame_seconds(); }

at::Tensor SpeakLine::usual_durations(const FastPitchLine& line) const {
  std::vector<float> out;
  out.reserve(line.ids.size());
  for (const int64_t id : line.ids) {
    const text::SymbolKind kind = symbols_.kind(id);
    const double seconds = kind == text::SymbolKind::kPause      ? kUsualPause
                           : kind == text::SymbolKind::kSonorant ? kUsualSonorant
                                                                 : kUsualObstruent;
    out.push_back(static_cast<float>(frames_of(seconds)));
  }
  return at::tensor(out);
}

FastPitchControls SpeakLine::controls(const std::vector<FastPitchLine>& lines) const {
  FastPitchControls out{.speaker = at::tensor({options_.speaker}),
                        .pace = options_.pace,
                        .pitch = options_.pitch,
                        .half_even = options_.half_even};
  out.symbol.pace = by_symbol(lines, 1, [](const SpeechStyle& s) { return s.rate; });
  out.symbol.pitch_scale =
      in_the_middle(by_symbol(lines, 1, [](const SpeechStyle& s) { return s.pitch_scale; }));
  out.symbol.pitch_shift_hz =
      in_the_middle(by_symbol(lines, 0, [](const SpeechStyle& s) { return s.pitch_shift_hz; }));
  if (options_.energy_scale != 1.0)
    out.symbol.energy_scale =
        at::full({static_cast<int64_t>(lines.size()), 1, longest(lines)}, options_.energy_scale);
  if (options_.usual_durations) {
    out.dur_tgt = at::zeros({static_cast<int64_t>(lines.size()), longest(lines)});
    for (size_t b = 0; b < lines.size(); ++b)
      out.dur_tgt[static_cast<int64_t>(b)]
          .slice(0, 0, static_cast<int64_t>(lines[b].ids.size()))
          .copy_(usual_durations(lines[b]));
  }
  return out;
}

namespace {

at::Tensor padded_ids(const std::vector<FastPitchLine>& lines, int64_t padding) {
  at::Tensor out =
      at::full({static_cast<int64_t>(lines.size()), longest(lines)}, padding, at::kLong);
  for (size_t b = 0; b < lines.size(); ++b)
    out[static_cast<int64_t>(b)]
        .slice(0, 0, static_cast<int64_t>(lines[b].ids.size()))
        .copy_(at::tensor(lines[b].ids));
  return out;
}

}  // namespace

std::vector<double> SpeakLine::durations(const FastPitchLine& line) const {
  const FastPitchControls c = controls({line});
  const FastPitchPlan plan = model_->plan(padded_ids({line}, model_->config().padding_idx), c);
  const at::Tensor frames =
      (c.dur_tgt.defined() ? c.dur_tgt : plan.dur).reshape({-1}).to(at::kDouble);
  std::vector<double> out(line.ids.size());
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = frames[static_cast<int64_t>(i)].item<double>() / options_.pace / line.styles[i].rate;
  return out;
}

std::vector<LineMel> SpeakLine::run(const std::vector<FastPitchLine>& lines,
                                    const std::vector<LineFrames>& frames) const {
  FastPitchPlan plan =
      model_->plan(padded_ids(lines, model_->config().padding_idx), controls(lines));
  for (size_t b = 0; b < frames.size(); ++b)
    plan.repeats[static_cast<int64_t>(b)]
        .slice(0, 0, static_cast<int64_t>(lines[b].ids.size()))
        .copy_(at::tensor(frames[b].symbols));
  const models::fastpitch::FastPitchOutput result = model_->render(plan);
  if (!result.mel.isfinite().all().item<bool>())
    fail(Code::kBadWeights, "FastPitch gives a mel that holds no numbers: damaged weights?");
  std::vector<LineMel> out;
  for (size_t b = 0; b < lines.size(); ++b) {
    const FastPitchLine& line = lines[b];
    const at::Tensor row = plan.repeats[static_cast<int64_t>(b)].contiguous();
    const auto* first = row.const_data_ptr<int64_t>();
    std::vector<int64_t> breaks;
    for (const FastPitchLine::Break& pause : line.breaks)
      breaks.push_back(std::llround(frames_of(pause.seconds)));
    out.push_back(with_breaks(result.mel[static_cast<int64_t>(b)], line,
                              {first, first + line.ids.size()},
                              frames.empty() ? breaks : frames[b].breaks));
    out.back().gain = gain_of(line, out.back());
  }
  return out;
}

}  // namespace vl::stages
