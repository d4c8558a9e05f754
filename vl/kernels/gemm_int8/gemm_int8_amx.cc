// AMX: a tile of 16 outputs times a tile of 16 rows, bytes of 64 columns at once.

#include "vl/kernels/vec_avx512.h"
// The vectors come first.
#include "vl/kernels/gemm_int8/gemm_int8_kernel.h"

namespace {

/// Tiles 0 to 3: sums; 4, 5: weights; 6, 7: activations. All are 16 rows of 64 bytes.
struct TileConfig {
  unsigned char palette = 1, start_row = 0, reserved[14] = {};
  unsigned short bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  unsigned char rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

using Sums = int[4][16][16];  // outputs 0..15 of the first group, of the second; outputs 16..31

/// A place for the sixteen rows of weights where the matrix has fewer, or fewer columns.
struct Edge {
  alignas(64) signed char bytes[16][kInt8Step];
};

inline const signed char* fill_edge(const GemvCall& c, long output, long column, Edge& edge) {
  const long left = c.in - column, columns = left < kInt8Step ? left : kInt8Step;
  const __mmask64 mask = columns == 64 ? ~__mmask64{0} : (__mmask64{1} << columns) - 1;
  for (long r = 0; r < 16; ++r) {
    const bool there = output + r < c.end;
    const signed char* w = static_cast<const signed char*>(c.weight) + (output + r) * c.in + column;
    _mm512_store_si512(edge.bytes[r],
                       there ? _mm512_maskz_loadu_epi8(mask, w) : _mm512_setzero_si512());
  }
  return edge.bytes[0];
}

/// Sums of 32 outputs and two groups with one of the two bytes of the activations.
inline void sums(const GemvCall& c, const signed char* x, long group_bytes, long output,
                 Sums& out) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  const signed char* w = static_cast<const signed char*>(c.weight) + output * c.in;
  const bool whole_rows = output + 32 <= c.end;
  Edge edges[2];
  for (long j = 0; j < c.in; j += kInt8Step) {
    const bool inside = whole_rows && j + kInt8Step <= c.in;
    if (inside) {
      _tile_loadd(4, w + j, c.in);
      _tile_loadd(5, w + 16 * c.in + j, c.in);
    } else {
      _tile_loadd(4, fill_edge(c, output, j, edges[0]), kInt8Step);
      _tile_loadd(5, fill_edge(c, output + 16, j, edges[1]), kInt8Step);
    }
    const signed char* line = x + j / 4 * kLine;
    _tile_loadd(6, line, kLine);
    _tile_loadd(7, line + group_bytes, kLine);
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
  }
  _tile_stored(0, out[0], kLine);
  _tile_stored(1, out[1], kLine);
  _tile_stored(2, out[2], kLine);
  _tile_stored(3, out[3], kLine);
}

void pack(const GemvCall& c, const PackedInt8& x, long group) { pack_group(c, x, group); }

void multiply(const GemvCall& c, const PackedInt8& x, long first, long last) {
  const TileConfig config;
  _tile_loadconfig(&config);
  alignas(64) Sums high, low;
  for (long output = c.begin; output < c.end; output += 32)
    for (long group = first; group < last; group += 2) {
      sums(c, x.high + group * x.group_bytes, x.group_bytes, output, high);
      sums(c, x.low + group * x.group_bytes, x.group_bytes, output, low);
      for (long t = 0; t < 4; ++t) {
        const long o = output + t / 2 * 16, g = group + t % 2;
        if (o < c.end && g * kInt8Group < c.rows) finish(c, x, high[t], low[t], o, g, false);
      }
    }
  _tile_release();
}

}  // namespace

namespace vl::kernels {

const GemmInt8Variant kGemmInt8Amx = {pack, multiply};

}  // namespace vl::kernels
