#include "vl/media/resampler.h"

#include <soxr.h>

#include <algorithm>
#include <cmath>

#include "vl/core/error.h"
#include "vl/media/av_handles.h"

namespace vl::media {

namespace {

using SoxrPtr = std::unique_ptr<soxr, FreeByValue<soxr_delete>>;
constexpr int64_t kBlock = 1 << 14;

}  // namespace

struct Resampler::State {
  int64_t from, to, channels;
  SoxrPtr handle;
  int64_t taken = 0, given = 0;

  /// Whole input so far would give this many frames.
  int64_t due() const {
    return std::llround(static_cast<double>(taken) * static_cast<double>(to) /
                        static_cast<double>(from));
  }
  /// One call of soxr that appends up to `room` frames. @return frames it took
  int64_t process(const float* samples, int64_t frames, int64_t room, std::vector<float>& out);
};

int64_t Resampler::State::process(const float* samples, int64_t frames, int64_t room,
                                  std::vector<float>& out) {
  const size_t old = out.size();
  out.resize(old + static_cast<size_t>(room * channels));
  size_t used = 0, done = 0;
  soxr_process(handle.get(), samples, static_cast<size_t>(frames), &used, out.data() + old,
               static_cast<size_t>(room), &done);
  out.resize(old + done * static_cast<size_t>(channels));
  given += static_cast<int64_t>(done);
  return static_cast<int64_t>(used);
}

Resampler::Resampler(int64_t from, int64_t to, int64_t channels)
    : state_(std::make_unique<State>(State{from, to, channels, {}})) {
  if (from <= 0 || to <= 0 || channels <= 0)
    fail(Code::kBadValue, "cannot resample {} channels of {} Hz to {} Hz", channels, from, to);
  if (from == to) return;
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_VHQ, 0);
  soxr_error_t error = nullptr;
  state_->handle.reset(soxr_create(static_cast<double>(from), static_cast<double>(to),
                                   static_cast<unsigned>(channels), &error, nullptr, &quality,
                                   nullptr));
  if (error != nullptr)
    fail(Code::kBadValue, "cannot resample {} Hz to {} Hz: {}", from, to, error);
}

Resampler::~Resampler() = default;
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;

std::vector<float> Resampler::push(const float* samples, int64_t frames) {
  State& s = *state_;
  if (!s.handle) return {samples, samples + frames * s.channels};
  std::vector<float> out;
  s.taken += frames;
  // soxr takes no more than fills the room: a block at a time, until it has nothing to give.
  while (frames > 0) {
    const int64_t part = std::min(frames, kBlock);
    const int64_t room = s.to * part / s.from + kBlock / 16;
    const int64_t used = s.process(samples, part, room, out);
    samples += used * s.channels;
    frames -= used;
  }
  return out;
}

std::vector<float> Resampler::finish() {
  State& s = *state_;
  std::vector<float> out;
  if (!s.handle) return out;
  const int64_t due = s.due();
  while (s.given < due) {
    const int64_t before = s.given;
    s.process(nullptr, 0, std::min(kBlock, due - s.given), out);
    if (s.given == before) break;
  }
  out.resize(out.size() + static_cast<size_t>((due - s.given) * s.channels), 0.0F);
  s.handle.reset();
  return out;
}

}  // namespace vl::media
