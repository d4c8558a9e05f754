#include "vl/stages/track_noise.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

namespace vl::stages {

namespace {

constexpr int64_t kBlock = 64;

/// SplitMix64's finaliser: neighbouring blocks and seeds get unrelated generators.
uint64_t mix(uint64_t x) {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

}  // namespace

NoisePair TrackNoise::draw(int64_t begin, int64_t frames) const {
  NoisePair out{at::empty({1, inter_, frames}),
                with_sine_ ? at::empty({1, frames * hop_, 1}) : at::Tensor()};
  const int64_t end = begin + frames;
  for (int64_t block = begin / kBlock; block * kBlock < end; ++block) {
    at::Generator generator =
        at::make_generator<at::CPUGeneratorImpl>(mix(mix(seed_) ^ static_cast<uint64_t>(block)));
    const int64_t origin = block * kBlock, from = std::max(begin, origin),
                  to = std::min(end, origin + kBlock);
    out.z.slice(2, from - begin, to - begin)
        .copy_(at::randn({1, inter_, kBlock}, generator).slice(2, from - origin, to - origin));
    if (with_sine_)
      out.sine.slice(1, (from - begin) * hop_, (to - begin) * hop_)
          .copy_(at::randn({1, kBlock * hop_, 1}, generator)
                     .slice(1, (from - origin) * hop_, (to - origin) * hop_));
  }
  return out;
}

SequentialNoise::SequentialNoise(uint64_t seed, int64_t inter, int64_t hop, bool with_sine)
    : generator_(at::make_generator<at::CPUGeneratorImpl>(seed)),
      inter_(inter),
      hop_(hop),
      with_sine_(with_sine) {}

NoisePair SequentialNoise::draw(int64_t frames) {
  NoisePair out{at::randn({1, inter_, frames}, generator_), {}};
  if (!with_sine_) return out;
  at::rand({1, 1}, generator_);
  out.sine = at::randn({1, frames * hop_, 1}, generator_);
  return out;
}

}  // namespace vl::stages
