#include "vl/models/encodec/encodec.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/encodec/blocks.h"
#include "vl/models/manifest.h"
#include "vl/models/model_class.h"

namespace vl::models::encodec {

int64_t EncodecConfig::hop() const {
  int64_t out = 1;
  for (const int64_t r : ratios) out *= r;
  return out;
}

void describe(EncodecConfig& c, Fields& f) {
  f.add("dim", &c.dim).range(1, 65536);
  f.add("filters", &c.filters).range(1, 65536);
  f.add("ratios", &c.ratios).range(1, 1024);
  f.add("lstm_layers", &c.lstm_layers).range(1, 64);
  f.add("codebooks", &c.codebooks).range(1, 1024);
  f.add("codebook_size", &c.codebook_size).range(2, 1 << 20);
  f.add("sample_rate", &c.sample_rate).range(8000, 192000);
}

at::Tensor Sequence::operator()(const at::Tensor& x, const char* prefix, Taps* taps) const {
  at::Tensor y = x;
  for (int64_t i = 0; i < length_; ++i) {
    const auto it = blocks_.find(i);
    y = it != blocks_.end() ? (*it->second)(y) : at::elu(y);
    keep(taps, fmt::format("{}{}", prefix, i), y);
  }
  return y;
}

Encodec::Encodec(const EncodecConfig& config) : config_(config) {
  const auto stages = static_cast<int64_t>(config.ratios.size()), length = 3 * stages + 4;
  const auto encoder = child<nn::Level>("encoder"), decoder = child<nn::Level>("decoder");
  encoder_ = encoder->add<Sequence>("model", length);
  int64_t channels = config.filters;
  encoder_->add<CausalConv>(0, 1, channels, 7);
  for (int64_t i = 0; i < stages; ++i) {
    const int64_t ratio = config.ratios[static_cast<size_t>(stages - 1 - i)];
    encoder_->add<Residual>(3 * i + 1, channels);
    encoder_->add<CausalConv>(3 * i + 3, channels, 2 * channels, 2 * ratio, ratio);
    channels *= 2;
  }
  encoder_->add<SkipLstm>(3 * stages + 1, channels, config.lstm_layers);
  encoder_->add<CausalConv>(3 * stages + 3, channels, config.dim, 7);
  decoder_ = decoder->add<Sequence>("model", length);
  decoder_->add<CausalConv>(0, config.dim, channels, 7);
  decoder_->add<SkipLstm>(1, channels, config.lstm_layers);
  for (int64_t i = 0; i < stages; ++i) {
    const int64_t ratio = config.ratios[static_cast<size_t>(i)];
    decoder_->add<CausalUpsample>(3 * i + 3, channels, channels / 2, 2 * ratio, ratio);
    channels /= 2;
    decoder_->add<Residual>(3 * i + 4, channels);
  }
  decoder_->add<CausalConv>(3 * stages + 3, channels, 1, 7);
  const auto layers = child<nn::Level>("quantizer")->add<nn::Level>("vq")->add<nn::Level>("layers");
  for (int64_t k = 0; k < config.codebooks; ++k)
    books_.push_back(layers->add<nn::Level>(std::to_string(k))
                         ->add<nn::Level>("_codebook")
                         ->table("embed", {config.codebook_size, config.dim}));
}

Codes Encodec::encode(const at::Tensor& wave, int64_t books, bool with_margins, Taps* taps) const {
  if (wave.dim() != 3 || wave.size(1) != 1 || wave.numel() == 0)
    fail(Code::kBadValue, "the codec takes a wave [B,1,T] with at least one sample");
  if (!wave.isfinite().all().item<bool>()) fail(Code::kBadValue, "the wave holds NaN or infinity");
  if (books < 1 || books > config_.codebooks)
    fail(Code::kBadValue, "{} codebooks are asked for, the file has {}", books, config_.codebooks);
  Codes out;
  out.encoder = (*encoder_)(wave, "encoder.", taps);
  at::Tensor residual = out.encoder.transpose(1, 2);  // [B, F, dim]
  std::vector<at::Tensor> codes, margins;
  for (int64_t k = 0; k < books; ++k) {
    const at::Tensor table = book(k);
    const at::Tensor d = residual.square().sum(2, true) - 2 * at::matmul(residual, table.t()) +
                         table.square().sum(1);
    const at::Tensor index = d.argmin(2);
    codes.push_back(index);
    if (with_margins) {
      const at::Tensor r = residual.to(at::kDouble), t = table.to(at::kDouble);
      const at::Tensor exact =
          r.square().sum(2, true) - 2 * at::matmul(r, t.t()) + t.square().sum(1);
      const at::Tensor two = std::get<0>(exact.topk(2, 2, /*largest=*/false));
      margins.push_back(two.select(2, 1) - two.select(2, 0));
    }
    residual = residual - at::embedding(table, index);
  }
  out.codes = at::stack(codes, 1);
  if (with_margins) out.margins = at::stack(margins, 1);
  return out;
}

at::Tensor Encodec::decode(const at::Tensor& codes, Taps* taps) const {
  const bool ok = codes.dim() == 3 && codes.numel() > 0 && codes.size(1) <= config_.codebooks &&
                  codes.min().item<int64_t>() >= 0 &&
                  codes.max().item<int64_t>() < config_.codebook_size;
  if (!ok)
    fail(Code::kBadValue, "the codec takes codes [B,K,F], K at most {}, each from 0 to {}",
         config_.codebooks, config_.codebook_size - 1);
  at::Tensor sum = at::embedding(book(0), codes.select(1, 0));
  for (int64_t k = 1; k < codes.size(1); ++k)
    sum = sum + at::embedding(book(k), codes.select(1, k));
  const at::Tensor quantized = sum.transpose(1, 2).contiguous();
  keep(taps, "quantized", quantized);
  return (*decoder_)(quantized, "decoder.", taps);
}

namespace {

using weights::Checkpoint;
using weights::StateDict;

StateDict public_state(const Checkpoint& checkpoint) {
  return weights::strip_module(find_tensors(checkpoint, {"", "model", "state_dict"}));
}

bool recognise(const Checkpoint& checkpoint) {
  const StateDict t = public_state(checkpoint);
  return t.contains("quantizer.vq.layers.0._codebook.embed") &&
         t.contains("decoder.model.0.conv.conv.bias");
}

EncodecConfig config_of(const StateDict& t) {
  EncodecConfig c;
  c.filters = size_of(t, "encoder.model.0.conv.conv.weight", 3, 0);
  c.codebooks = t.count("quantizer.vq.layers", "_codebook.embed");
  c.codebook_size = size_of(t, "quantizer.vq.layers.0._codebook.embed", 2, 0);
  c.dim = size_of(t, "quantizer.vq.layers.0._codebook.embed", 2, 1);
  c.ratios.clear();
  for (int64_t i = 3; t.contains(fmt::format("decoder.model.{}.convtr.convtr.weight", i)); i += 3)
    c.ratios.push_back(size_of(t, fmt::format("decoder.model.{}.convtr.convtr.weight", i), 3, 2) /
                       2);
  c.lstm_layers = 0;
  while (t.contains(fmt::format("decoder.model.1.lstm.weight_ih_l{}", c.lstm_layers)))
    ++c.lstm_layers;
  if (c.ratios.empty() || c.lstm_layers == 0)
    fail(Code::kBadWeights, "the codec has no upsampling stages or no LSTM");
  return c;
}

ModelFile import_encodec(const Checkpoint& checkpoint) {
  if (!recognise(checkpoint))
    throw Error(Code::kWrongModelKind, checkpoint.file + " is not an EnCodec",
                Where{.file = checkpoint.file});
  const StateDict t = weights::fold_weight_norm(weights::to_float32(public_state(checkpoint)));
  ModelFile out{.role = "codec", .arch = "encodec", .config = config_to_json(config_of(t))};
  for (const auto& [key, value] : t) {
    // Of the quantiser only `embed` serves inference; the rest is training state.
    const bool training =
        key.find("._codebook.") != std::string::npos &&
        key.find("._codebook.embed") != key.size() - std::string("._codebook.embed").size();
    if (!training) out.tensors.set(key, value);
  }
  return out;
}

}  // namespace

ModelClass encodec_class() {
  return model_class<Encodec, EncodecConfig>("codec", "encodec", recognise, import_encodec);
}

}  // namespace vl::models::encodec
