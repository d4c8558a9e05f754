#include "vl/weights/inflate.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "vl/core/error.h"

namespace vl::weights {

namespace {

constexpr int kMaxBits = 15;

/// A canonical Huffman code, decoded bit by bit from the counts of each length.
struct Huffman {
  std::array<uint16_t, kMaxBits + 1> count = {};
  std::array<uint16_t, 288> symbol = {};

  Huffman(const uint8_t* lengths, size_t n) {
    for (size_t i = 0; i < n; ++i) ++count[lengths[i]];
    count[0] = 0;
    std::array<uint16_t, kMaxBits + 2> at = {};
    std::partial_sum(count.begin(), count.end(), at.begin() + 1);
    for (size_t i = 0; i < n; ++i)
      if (lengths[i] != 0) symbol[at[lengths[i]]++] = static_cast<uint16_t>(i);
  }

  bool oversubscribed() const {
    int left = 1;
    for (size_t bits = 1; bits <= kMaxBits && left >= 0; ++bits) left = 2 * left - count[bits];
    return left < 0;
  }
};

class Inflater {
 public:
  Inflater(std::string_view in, uint64_t size, const std::string& name)
      : in_(in), size_(size), name_(name) {}

  std::string run() {
    bool last = false;
    while (!last) {
      last = bits(1) == 1;
      const uint32_t kind = bits(2);
      if (kind == 0)
        stored();
      else if (kind == 1)
        fixed();
      else if (kind == 2)
        dynamic();
      else
        bad("unknown block");
    }
    if (out_.size() != size_) bad("other length than recorded");
    return std::move(out_);
  }

 private:
  [[noreturn]] void bad(const char* what) const {
    throw Error(Code::kNotACheckpoint, fmt::format("{} is damaged: {}", name_, what),
                Where{.file = name_, .detail = fmt::format("packed byte {}", at_)});
  }

  uint32_t bits(int n) {
    while (held_ < n) {
      if (at_ == in_.size()) bad("its packed data ends early");
      buffer_ |= static_cast<uint32_t>(static_cast<uint8_t>(in_[at_++])) << held_;
      held_ += 8;
    }
    const uint32_t value = buffer_ & ((1U << n) - 1);
    buffer_ >>= n;
    held_ -= n;
    return value;
  }

  int decode(const Huffman& code) {
    int value = 0, first = 0, index = 0;
    for (size_t length = 1; length <= kMaxBits; ++length) {
      value |= static_cast<int>(bits(1));
      const int count = code.count[length];
      if (value - count < first) return code.symbol[static_cast<size_t>(index + value - first)];
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    bad("unknown code");
  }

  void emit(char c) {
    if (out_.size() == size_) bad("more data than recorded");
    out_ += c;
  }

  void stored() {
    held_ = 0;
    buffer_ = 0;
    const uint32_t length = bits(16), check = bits(16);
    if (length != (~check & 0xFFFF) || in_.size() - at_ < length) bad("stored block");
    if (size_ - out_.size() < length) bad("more data than recorded");
    out_ += in_.substr(at_, length);
    at_ += length;
  }

  void fixed() {
    std::array<uint8_t, 288> lengths;
    std::array<uint8_t, 30> distances;
    for (size_t i = 0; i < lengths.size(); ++i)
      lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    distances.fill(5);
    block(Huffman(lengths.data(), lengths.size()), Huffman(distances.data(), distances.size()));
  }

  void dynamic() {
    static constexpr std::array<uint8_t, 19> kOrder = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                       11, 4,  12, 3, 13, 2, 14, 1, 15};
    const size_t literals = bits(5) + 257, distances = bits(5) + 1, codes = bits(4) + 4;
    if (literals > 286 || distances > 30) bad("block header");
    std::array<uint8_t, 320> lengths = {};
    for (size_t i = 0; i < codes; ++i) lengths[kOrder[i]] = static_cast<uint8_t>(bits(3));
    const Huffman coder(lengths.data(), kOrder.size());
    if (coder.oversubscribed()) bad("code lengths");
    lengths = {};
    for (size_t i = 0; i < literals + distances;) {
      const int symbol = decode(coder);
      if (symbol < 16) {
        lengths[i++] = static_cast<uint8_t>(symbol);
        continue;
      }
      if (symbol == 16 && i == 0) bad("code lengths");
      const uint8_t value = symbol == 16 ? lengths[i - 1] : 0;
      const size_t repeat = symbol == 16 ? 3 + bits(2) : symbol == 17 ? 3 + bits(3) : 11 + bits(7);
      if (i + repeat > literals + distances) bad("code lengths");
      std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(i), repeat, value);
      i += repeat;
    }
    const Huffman literal(lengths.data(), literals), distance(lengths.data() + literals, distances);
    if (literal.oversubscribed() || distance.oversubscribed()) bad("code lengths");
    block(literal, distance);
  }

  void block(const Huffman& literal, const Huffman& distance) {
    for (int symbol = decode(literal); symbol != 256; symbol = decode(literal)) {
      if (symbol < 256)
        emit(static_cast<char>(symbol));
      else
        copy(static_cast<size_t>(symbol - 257), distance);
    }
  }

  void copy(size_t code, const Huffman& distance_code) {
    static constexpr std::array<uint16_t, 29> kLength = {
        3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
        31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
    static constexpr std::array<uint16_t, 30> kDistance = {
        1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
        193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    if (code >= kLength.size()) bad("length code");
    const int more = code < 8 || code == 28 ? 0 : static_cast<int>(code / 4) - 1;
    const size_t length = kLength[code] + bits(more);
    const auto d = static_cast<size_t>(decode(distance_code));
    if (d >= kDistance.size()) bad("distance code");
    const size_t distance = kDistance[d] + bits(d < 4 ? 0 : static_cast<int>(d / 2) - 1);
    if (distance > out_.size()) bad("distance before the start");
    for (size_t i = 0; i < length; ++i) emit(out_[out_.size() - distance]);
  }

  std::string_view in_;
  uint64_t size_;
  const std::string& name_;
  std::string out_;
  size_t at_ = 0;
  uint32_t buffer_ = 0;
  int held_ = 0;
};

std::array<uint32_t, 256> crc_table() {
  std::array<uint32_t, 256> table;
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? 0xEDB88320U ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  return table;
}

}  // namespace

std::string inflate(std::string_view packed, uint64_t size, const std::string& name) {
  return Inflater(packed, size, name).run();
}

uint32_t crc32(std::string_view bytes) {
  static const std::array<uint32_t, 256> kTable = crc_table();
  uint32_t c = ~0U;
  for (const char b : bytes) c = kTable[(c ^ static_cast<uint8_t>(b)) & 0xFF] ^ (c >> 8);
  return ~c;
}

}  // namespace vl::weights
