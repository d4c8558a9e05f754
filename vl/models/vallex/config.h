#pragma once

#include <cstdint>

#include "vl/core/fields.h"

namespace vl::models::vallex {

constexpr int64_t kCodebooks = 8;        ///< residual codebooks of EnCodec at 6 kbps
constexpr int64_t kCodebookSize = 1024;  ///< entries a codebook
constexpr int64_t kEos = 1024;           ///< audio token that ends a row: input and output
constexpr int64_t kBos = 1025;           ///< audio token that starts a row: input only
constexpr int64_t kArClasses = 1025;     ///< rows of the autoregressive head

/// Sizes of a VALL-E X language model (Wang et al. 2023; Zhang et al. 2023); the defaults are the
/// public checkpoint.
struct VallexConfig {
  int64_t dim = 1024;
  int64_t heads = 16;  ///< in no shape: the container's `nhead`, the caller's, or dim / 64
  int64_t ffn = 4096;
  int64_t ar_layers = 12, nar_layers = 12;
  int64_t text_rows = 2048;  ///< rows of the text table
  int64_t languages = 3;     ///< en 0, zh 1, ja 2
  int64_t prefix_mode = 1;   ///< how prompt codes enter the non-autoregressive stage: 1 or 0
};

void describe(VallexConfig& config, Fields& fields);
/// @throws Error(kUnsupportedVariant) when the sizes contradict each other
void validate(const VallexConfig& config);

}  // namespace vl::models::vallex
