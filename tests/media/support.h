#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/code_of.h"
#include "vl/media/audio_reader.h"

namespace vl::test {

/// Repeatable white noise in [-level, level).
inline std::vector<float> noise(size_t count, float level = 0.5F) {
  std::vector<float> out(count);
  uint32_t state = 12345;
  for (float& x : out) {
    state = state * 1664525U + 1013904223U;
    x = level * (static_cast<float>(state >> 8) / 8388608.0F - 1.0F);
  }
  return out;
}

/// All blocks of a reader in a row.
inline media::Pcm read_whole(media::AudioReader reader, int64_t* blocks = nullptr) {
  media::Pcm whole, block;
  while (reader.read(block)) {
    EXPECT_GT(block.frames(), 0);
    EXPECT_LT(block.frames(), 100000);
    whole.rate = block.rate;
    whole.channels = block.channels;
    whole.replaced += block.replaced;
    whole.samples.insert(whole.samples.end(), block.samples.begin(), block.samples.end());
    if (blocks != nullptr) ++*blocks;
  }
  EXPECT_EQ(whole.frames(), reader.frames());
  EXPECT_EQ(whole.replaced, reader.replaced());
  EXPECT_FALSE(reader.read(block));
  return whole;
}

}  // namespace vl::test
