#pragma once

#include "vl/weights/checkpoint.h"

namespace vl::weights {

/// True when the bytes start like a faiss index: a four-letter code "Ix..", "Iw..", "Iv.." or
/// "IH..".
bool looks_like_faiss(const ByteView& bytes);

/// Reads an index that faiss wrote: "IwFl" (IVF, Flat, over a flat quantizer), "IxF2" and "IxFl"
/// (Flat), each with the squared L2 metric, also inside "IxMp" / "IxM2" (own ids). The tensors of
/// the root are `centroids` [n, d], `list_sizes` [n] int64, `vectors` [N, d] and `ids` [N] int64,
/// grouped by list, and `nprobe`; a flat index is one list around a centroid of zeros. Every size
/// is checked against the file before anything is allocated.
/// @throws Error(kTruncatedModel, kBadWeights), Error(kUnsupportedVariant) for another kind of
/// index or metric
Checkpoint read_faiss_bytes(const ByteView& bytes, const std::string& file);

}  // namespace vl::weights
