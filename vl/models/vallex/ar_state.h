#pragma once

#include <vector>

#include "vl/models/vallex/layers.h"

namespace vl::models::vallex {

/// Keys and values of the autoregressive stage. Buffers grow by doubling.
struct ArState {
  std::vector<LayerCache> layers;
  int64_t heads = 0;
  int64_t rows = 0;       ///< rows in `layers`
  int64_t positions = 0;  ///< audio rows so far, BOS and prompt included
  /// Rows before those of `layers` that several sequences read, [1, heads, capacity, dim / heads];
  /// none unless expand() could leave them where they are.
  std::vector<LayerCache> shared;
  int64_t shared_rows = 0;
  bool in_place = false;  ///< it is stepped by kernels that read a cache in two pieces

  /// Room for `count` rows in every layer; what is there stays.
  void reserve(int64_t count);
  /// The one row becomes `count` rows that go on by themselves.
  void expand(int64_t count);
  /// Takes the shared rows into `layers`, as plain ATen wants them.
  void unshare();
  /// With buffers of its own behind the shared rows.
  ArState copy() const;
  /// Forgets the last `count` audio rows.
  void drop(int64_t count);
};

}  // namespace vl::models::vallex
